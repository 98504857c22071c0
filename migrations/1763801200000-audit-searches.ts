import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The audit log is kept for ever, so whatever it is searched by leads to the entries in their order: by who did it, and by
 * what was done. Without, a name that hardly occurs is looked for in all of it. Outside of a transaction, since indexes are
 * built beside running replicas; each step can be repeated where a run was broken off.
 */
export class AuditSearches1763801200000 implements MigrationInterface {
  readonly name = 'AuditSearches1763801200000';
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS audit_log_actor');
    await db.query('CREATE INDEX CONCURRENTLY audit_log_actor ON audit_log (actor, id)');
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS audit_log_action');
    await db.query('CREATE INDEX CONCURRENTLY audit_log_action ON audit_log (action, id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS audit_log_action');
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS audit_log_actor');
  }
}
