import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What may expire is what is still to be sent. Without this, what was accepted and waits for a receipt past its expiresAt is
 * passed over twice a second, each row of it. Outside of a transaction, since indexes are built beside running replicas; each
 * step can be repeated where a run was broken off.
 */
export class Expiring1763801300000 implements MigrationInterface {
  readonly name = 'Expiring1763801300000';
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS outbox_expiring');
    await db.query(`
      CREATE INDEX CONCURRENTLY outbox_expiring ON outbox (expires_at) WHERE expires_at IS NOT NULL AND stage = 'send'`);
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS outbox_expiry');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS outbox_expiry');
    await db.query('CREATE INDEX CONCURRENTLY outbox_expiry ON outbox (expires_at) WHERE expires_at IS NOT NULL');
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS outbox_expiring');
  }
}
