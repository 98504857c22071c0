import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What recoveries, paces and alerts have to remember. Outside of a transaction, since indexes are built beside running
 * replicas, which read and write on without these columns; each step can be repeated where a run was broken off.
 */
export class Recovery1763800700000 implements MigrationInterface {
  readonly name = 'Recovery1763800700000';
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    // When a circuit or pace let the row out: from then on it is late. Beside released_by, which says whether it was.
    await db.query('ALTER TABLE outbox ADD COLUMN IF NOT EXISTS released_at timestamptz');
    // Turns that were given and not begun yet.
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS outbox_released');
    await db.query(`
      CREATE INDEX CONCURRENTLY outbox_released ON outbox (released_by)
        WHERE released_by IS NOT NULL AND lease_token IS NULL`);

    // How long it waits for its next probe, as it was chosen; null (written by an older version): by its backoff.
    await db.query('ALTER TABLE circuits ADD COLUMN IF NOT EXISTS wait_ms bigint');
    // What expired while it waited in the circuits of the incident.
    await db.query('ALTER TABLE incidents ADD COLUMN IF NOT EXISTS expired integer NOT NULL DEFAULT 0');

    // How bad it was when the sink heard of it last.
    await db.query('ALTER TABLE alert_deliveries ADD COLUMN IF NOT EXISTS told_severity text');

    // Who asked to be written to since when.
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS suppressions_lifted');
    await db.query(`
      CREATE INDEX CONCURRENTLY suppressions_lifted ON suppressions (sender, recipient, lifted_at)
        WHERE lifted_at IS NOT NULL`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS suppressions_lifted');
    await db.query('ALTER TABLE alert_deliveries DROP COLUMN IF EXISTS told_severity');
    await db.query('ALTER TABLE incidents DROP COLUMN IF EXISTS expired');
    await db.query('ALTER TABLE circuits DROP COLUMN IF EXISTS wait_ms');
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS outbox_released');
    await db.query('ALTER TABLE outbox DROP COLUMN IF EXISTS released_at');
  }
}
