import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far each look for missing receipts has come: which accepted attempts the provider was asked about. */
export class Receipts1763800900000 implements MigrationInterface {
  readonly name = 'Receipts1763800900000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE receipt_looks (
        number smallint PRIMARY KEY,
        -- The attempt that was looked at last. What was sent before there were looks is left alone.
        looked_to uuid NOT NULL DEFAULT new_uuid_v7(),
        -- Until when a replica is at it; the others wait for their turn, or for its death.
        leased_until timestamptz NOT NULL DEFAULT to_timestamp(0)
      );
      INSERT INTO receipt_looks (number) VALUES (1), (2), (3);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE receipt_looks');
  }
}
