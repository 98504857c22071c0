import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Indexes that stay cheap as tables grow. Outside of a transaction, since they are built and dropped beside running
 * replicas; each step can be repeated where a run was broken off.
 */
export class Lookups1763800600000 implements MigrationInterface {
  readonly name = 'Lookups1763800600000';
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    // Where two indexes seem to cost the same, the planner takes the one that was made last. While the table is small,
    // finding an id by (recipient, id) seems to cost what the primary key costs; a plan that is kept from then on reads
    // that whole index for every row. So the primary key is made last.
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS notifications_pkey_again');
    await db.query('CREATE UNIQUE INDEX CONCURRENTLY notifications_pkey_again ON notifications (id)');
    await db.query(`
      ALTER TABLE notifications DROP CONSTRAINT notifications_pkey,
        ADD CONSTRAINT notifications_pkey PRIMARY KEY USING INDEX notifications_pkey_again`);

    // Sids come in no order, so each attempt dirtied a page of this index of its own, which after a checkpoint is 8 kB of
    // WAL. Whose sid it is can be told by whom the message went to, which is known wherever it is asked.
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS deliveries_to_another');
    await db.query(`
      CREATE INDEX CONCURRENTLY deliveries_to_another ON deliveries ((changes ->> 'to'))
        WHERE changes ->> 'to' IS NOT NULL`);
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS attempts_provider_sid');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS attempts_provider_sid');
    await db.query(
      'CREATE INDEX CONCURRENTLY attempts_provider_sid ON attempts (provider_sid) WHERE provider_sid IS NOT NULL',
    );
    await db.query('DROP INDEX CONCURRENTLY IF EXISTS deliveries_to_another');
  }
}
