import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is searched for leads to its rows in their order, also where there are none: otherwise a status, client, class or
 * code that hardly occurs is looked for in a whole table. And what is forgotten after a time is found by that time. Each
 * of these rows is written once or twice in its life, so the indexes cost little.
 *
 * Outside of a transaction, since indexes are built beside running replicas; each step can be repeated where a run was
 * broken off.
 */
export class Searches1763801800000 implements MigrationInterface {
  readonly name = 'Searches1763801800000';
  readonly transaction = false;

  async up(db: QueryRunner): Promise<void> {
    for (const [name, on] of INDEXES) {
      await db.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
      await db.query(`CREATE INDEX CONCURRENTLY ${name} ON ${on}`);
    }
  }

  async down(db: QueryRunner): Promise<void> {
    for (const [name] of INDEXES.toReversed()) await db.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
  }
}

const INDEXES = [
  ['unavailable_channels_until', 'unavailable_channels (until)'],
  ['suppressions_of_recipient', 'suppressions (recipient, id) WHERE lifted_at IS NULL'],
  ['failures_http_status', 'failures (http_status, id) WHERE http_status IS NOT NULL'],
  ['dead_letters_client', 'dead_letters (client_id, id)'],
  ['dead_letters_class', 'dead_letters (error_class, id)'],
  ['dead_letters_code', 'dead_letters (provider_code, id) WHERE provider_code IS NOT NULL'],
] as const;
