import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What replays of dead letters and the deletion of old data have done so far, so that either goes on after a restart. */
export class ReviewAndRetention1763800200000 implements MigrationInterface {
  readonly name = 'ReviewAndRetention1763800200000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE replays (
        id uuid PRIMARY KEY,
        state text NOT NULL CHECK (state IN ('running', 'completed', 'canceled', 'failed')),
        action text NOT NULL CHECK (action IN ('retry', 'fallback', 'discard')),
        channel text CHECK (channel IN ('whatsapp', 'sms', 'voice')),
        filter json NOT NULL,
        rate_per_second double precision NOT NULL CHECK (rate_per_second > 0),
        note text,
        started_by text NOT NULL,
        started_at timestamptz NOT NULL,
        ended_at timestamptz,
        matched integer NOT NULL,
        -- The last dead letter that matched at the start, and the last one dealt with.
        up_to uuid,
        done_to uuid,
        done integer NOT NULL DEFAULT 0,
        failed integer NOT NULL DEFAULT 0,
        -- How many were left alone, by reason.
        skips jsonb NOT NULL DEFAULT '{}',
        failures_in_a_row smallint NOT NULL DEFAULT 0,
        -- When the rate allows the next one.
        next_at timestamptz NOT NULL,
        CHECK ((state = 'running') = (ended_at IS NULL)),
        CHECK ((action = 'fallback') = (channel IS NOT NULL))
      );
      CREATE INDEX replays_running ON replays (next_at) WHERE state = 'running';

      -- How far the deletion of bodies has come: everything up to this notification was looked at.
      CREATE TABLE body_retention (
        only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
        looked_to uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
      );
      INSERT INTO body_retention DEFAULT VALUES;

      -- Notifications before looked_to that had not ended long enough, or may be taken up again by a human.
      CREATE TABLE body_retention_later (
        notification_id uuid PRIMARY KEY
      );
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE body_retention_later, body_retention, replays');
  }
}
