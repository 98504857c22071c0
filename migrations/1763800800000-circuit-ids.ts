import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Ids of circuits and paces become UUIDv7 like all others; they were UUIDv5. What they are derived from stays, so each
 * follows from the one before: its time and version are exchanged, its random bits are kept.
 */
export class CircuitIds1763800800000 implements MigrationInterface {
  readonly name = 'CircuitIds1763800800000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE FUNCTION pg_temp.as_v7(id uuid) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS $$
        SELECT CASE WHEN substr(id::text, 15, 1) = '5' THEN ('019b76da-a800-7' || substr(id::text, 16))::uuid ELSE id END
      $$;

      UPDATE alerts a SET subject_id = pg_temp.as_v7(c.id), cause = replace(a.cause, c.id::text, pg_temp.as_v7(c.id)::text)
        FROM circuits c WHERE a.subject_id = c.id;
      UPDATE audit_log a SET subject_id = pg_temp.as_v7(c.id)::text
        FROM circuits c WHERE a.subject_type = 'circuit' AND a.subject_id = c.id::text;
      UPDATE circuits SET id = pg_temp.as_v7(id);
      UPDATE sender_paces SET hold_id = pg_temp.as_v7(hold_id);
      UPDATE outbox SET held_by = pg_temp.as_v7(held_by) WHERE held_by IS NOT NULL;
      UPDATE outbox SET released_by = pg_temp.as_v7(released_by) WHERE released_by IS NOT NULL;

      DROP FUNCTION pg_temp.as_v7;
    `);
  }

  /** The times that were cut off are nowhere: circuits and paces are made anew, and what they held is let out. */
  async down(db: QueryRunner): Promise<void> {
    await db.query('DELETE FROM circuits; DELETE FROM sender_paces');
  }
}
