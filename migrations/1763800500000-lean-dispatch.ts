import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What lets a claim write one row per notification, and read one. */
export class LeanDispatch1763800500000 implements MigrationInterface {
  readonly name = 'LeanDispatch1763800500000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- Which delivery of its notification it is. A first one has no correction by a human and no channel tried before,
      -- so a claim need not look at it; null (written by an older version) means that it has to.
      ALTER TABLE outbox ADD COLUMN delivery_number smallint;

      -- The first update of a delivery now brings its sid along, which makes the row a third larger: this much room keeps
      -- the new versions of a whole page on it (HOT: 88 %, against 80 % with a fillfactor of 50).
      ALTER TABLE deliveries SET (fillfactor = 42);

      -- Where two indexes seem to cost the same, the planner takes the one that was made last. While the table is small,
      -- finding an id by (recipient, id) seems to cost what the primary key costs; a plan that is kept from then on reads
      -- that whole index for every row. So the primary key is made last.
      ALTER TABLE notifications DROP CONSTRAINT notifications_pkey;
      ALTER TABLE notifications ADD CONSTRAINT notifications_pkey PRIMARY KEY (id);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE deliveries SET (fillfactor = 50);
      ALTER TABLE outbox DROP COLUMN delivery_number;
    `);
  }
}
