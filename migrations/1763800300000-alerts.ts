import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What on-call hears, and how far each of its receivers has heard it. */
export class Alerts1763800300000 implements MigrationInterface {
  readonly name = 'Alerts1763800300000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE alerts (
        id uuid PRIMARY KEY,
        -- 'incident:<id>', 'request_errors:400:21211', 'backlog': what it is about.
        cause text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('incident', 'authentication', 'quota', 'rate_limit', 'sender_unavailable',
          'exhausted', 'request_errors', 'backlog')),
        -- The incident or circuit whose held sends it counts.
        subject_id uuid,
        severity text NOT NULL CHECK (severity IN ('critical', 'error', 'warning')),
        summary text NOT NULL,
        advice text NOT NULL,
        count bigint NOT NULL DEFAULT 0,
        facts json NOT NULL DEFAULT '{}',
        ends text NOT NULL CHECK (ends IN ('with_its_cause', 'when_quiet')),
        -- Why it is over; null while it is open.
        ending text,
        -- Grows with every change: a sink that was told an older one has news to hear.
        version integer NOT NULL DEFAULT 1,
        opened_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        resolved_at timestamptz,
        CHECK ((resolved_at IS NULL) = (ending IS NULL))
      ) WITH (fillfactor = 70);
      -- A cause has one open alert over all replicas.
      CREATE UNIQUE INDEX alerts_open ON alerts (cause) WHERE resolved_at IS NULL;
      CREATE INDEX alerts_open_subject ON alerts (subject_id) WHERE resolved_at IS NULL AND subject_id IS NOT NULL;
      CREATE INDEX alerts_resolved ON alerts (resolved_at);

      -- The outbox of alerts: what each sink was told of each alert. What it is to be told follows from the alert itself.
      CREATE TABLE alert_deliveries (
        alert_id uuid NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
        sink text NOT NULL CHECK (sink IN ('log', 'webhook', 'alertmanager', 'pagerduty', 'slack')),
        -- The last thing it accepted; null: nothing yet. An update is told as 'opened' again.
        told text CHECK (told IN ('opened', 'resolved')),
        told_version integer NOT NULL DEFAULT 0,
        told_at timestamptz,
        attempts integer NOT NULL DEFAULT 0,
        -- Since its last success.
        failures integer NOT NULL DEFAULT 0,
        failing_since timestamptz,
        last_error text,
        -- Not before; later than now only after a failure.
        due_at timestamptz NOT NULL DEFAULT service_now(),
        -- Given up, until the alert is resolved or the service starts again.
        parked_at timestamptz,
        lease_token uuid,
        leased_until timestamptz,
        PRIMARY KEY (alert_id, sink)
      ) WITH (fillfactor = 70);
      CREATE INDEX alert_deliveries_untold ON alert_deliveries (sink) WHERE told IS DISTINCT FROM 'resolved';

      -- Who looks after the alerts next: one replica at a time has the turn.
      CREATE TABLE alert_watch (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), looked_at timestamptz NOT NULL);
      INSERT INTO alert_watch (looked_at) VALUES (to_timestamp(0));
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE alert_watch, alert_deliveries, alerts');
  }
}
