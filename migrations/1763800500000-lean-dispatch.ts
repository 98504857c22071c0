import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What lets a claim write one row per notification, and read one. */
export class LeanDispatch1763800500000 implements MigrationInterface {
  readonly name = 'LeanDispatch1763800500000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- Which delivery of its notification it is. A first one has no correction by a human and no channel tried before,
      -- so a claim need not look at it; null (written by an older version) means that it has to.
      ALTER TABLE outbox ADD COLUMN delivery_number smallint;

      -- What is written once dies by retention only, evenly: with PostgreSQL's default of a fifth, vacuum would come after
      -- eighty days of deletions.
      ALTER TABLE attempts SET (autovacuum_vacuum_scale_factor = 0.02);
      ALTER TABLE callbacks SET (autovacuum_vacuum_scale_factor = 0.02);
      ALTER TABLE failures SET (autovacuum_vacuum_scale_factor = 0.02);
      ALTER TABLE decisions SET (autovacuum_vacuum_scale_factor = 0.02);
      ALTER TABLE dead_letters SET (autovacuum_vacuum_scale_factor = 0.02);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE outbox DROP COLUMN delivery_number;
      ALTER TABLE attempts RESET (autovacuum_vacuum_scale_factor);
      ALTER TABLE callbacks RESET (autovacuum_vacuum_scale_factor);
      ALTER TABLE failures RESET (autovacuum_vacuum_scale_factor);
      ALTER TABLE decisions RESET (autovacuum_vacuum_scale_factor);
      ALTER TABLE dead_letters RESET (autovacuum_vacuum_scale_factor);
    `);
  }
}
