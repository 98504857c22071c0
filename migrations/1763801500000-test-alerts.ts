import type { MigrationInterface, QueryRunner } from 'typeorm';

const KINDS = `'incident', 'authentication', 'quota', 'rate_limit', 'sender_unavailable', 'exhausted', 'request_errors',
  'backlog'`;

/** Alerts by which an operator tests paging. The table is small: what is checked anew takes no time. */
export class TestAlerts1763801500000 implements MigrationInterface {
  readonly name = 'TestAlerts1763801500000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE alerts DROP CONSTRAINT alerts_kind_check,
        ADD CONSTRAINT alerts_kind_check CHECK (kind IN (${KINDS}, 'test'))`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DELETE FROM alerts WHERE kind = 'test'`);
    await db.query(`
      ALTER TABLE alerts DROP CONSTRAINT alerts_kind_check,
        ADD CONSTRAINT alerts_kind_check CHECK (kind IN (${KINDS}))`);
  }
}
