import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The house's ground floor: clients, notifications and their history, the outbox, the review queue.
 *
 * Hot tables (outbox, notifications, deliveries) leave half of each page free: a claim moves every row of a page at
 * once, and only then do all its updates stay on the page (HOT: 100 % and 87 % of them, against 37 % and 47 % with a
 * fillfactor of 80, at two thirds of the WAL). They keep changing columns out of their indexes, and are vacuumed early. History tables (attempts, failures,
 * callbacks, decisions) are written once. There are no foreign keys between hot tables: every row of one notification
 * is written by one statement, and a key check per row would cost more than the write (docs/decisions/0004).
 */
export class Core1763800000000 implements MigrationInterface {
  readonly name = 'Core1763800000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      -- The one clock of due times, leases and expiry. Inlined by the planner; tests replace it to move time.
      CREATE FUNCTION service_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT now() $$;

      -- RFC 9562 version 7, method 3: 48 bits of milliseconds, 12 bits of their fraction, then random, so that rows of one
      -- clock keep its order within a millisecond too. PostgreSQL has its own only from version 18.
      CREATE FUNCTION new_uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
        SELECT (lpad(to_hex(micros / 1000), 12, '0') || '7' || lpad(to_hex(micros % 1000 * 4096 / 1000), 3, '0')
          || substr(gen_random_uuid()::text, 20))::uuid
        FROM (SELECT (extract(epoch FROM service_now()) * 1000000)::bigint AS micros) AS clock
      $$;

      CREATE TABLE clients (
        id uuid PRIMARY KEY,
        name text NOT NULL UNIQUE,
        created_at timestamptz NOT NULL DEFAULT service_now()
      );

      CREATE TABLE api_keys (
        id uuid PRIMARY KEY,
        client_id uuid NOT NULL REFERENCES clients (id),
        name text NOT NULL,
        scopes text[] NOT NULL CHECK (scopes <@ ARRAY['send', 'read', 'admin'] AND cardinality(scopes) > 0),
        secret_hash bytea NOT NULL UNIQUE,
        created_at timestamptz NOT NULL DEFAULT service_now(),
        last_used_at timestamptz,
        revoked_at timestamptz
      );
      CREATE INDEX api_keys_client ON api_keys (client_id);

      CREATE TABLE notifications (
        id uuid PRIMARY KEY,
        client_id uuid NOT NULL,
        status text NOT NULL CHECK (status IN
          ('scheduled', 'queued', 'sending', 'sent', 'delivered', 'failed', 'canceled', 'expired')),
        recipient text NOT NULL,
        channels text[] NOT NULL,
        channel text NOT NULL CHECK (channel IN ('whatsapp', 'sms', 'voice')),
        category text NOT NULL CHECK (category IN ('otp', 'alert', 'transactional', 'marketing')),
        content json,
        -- json, not jsonb: a replay gives the caller's own order of keys back.
        metadata json NOT NULL DEFAULT '{}',
        idempotency_key text,
        request_hash bytea NOT NULL,
        on_unknown text NOT NULL CHECK (on_unknown IN ('resend', 'review')),
        send_at timestamptz,
        expires_at timestamptz,
        fallback_after_seconds integer,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        delivered_at timestamptz,
        read_at timestamptz
      ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
      CREATE UNIQUE INDEX notifications_idempotency ON notifications (client_id, idempotency_key)
        WHERE idempotency_key IS NOT NULL;
      CREATE INDEX notifications_of_client ON notifications (client_id, id);
      CREATE INDEX notifications_of_recipient ON notifications (recipient, id);
      CREATE INDEX notifications_metadata ON notifications USING gin ((metadata::jsonb) jsonb_path_ops)
        WHERE metadata::text <> '{}';

      CREATE TABLE deliveries (
        id uuid PRIMARY KEY,
        notification_id uuid NOT NULL,
        number smallint NOT NULL,
        channel text NOT NULL CHECK (channel IN ('whatsapp', 'sms', 'voice')),
        status text NOT NULL CHECK (status IN
          ('scheduled', 'queued', 'sending', 'sent', 'delivered', 'failed', 'canceled', 'expired')),
        sender text NOT NULL,
        provider_sid text,
        -- What a human corrected for this delivery: { to?, from?, content? }; null means as the notification says.
        changes json,
        started_at timestamptz,
        ended_at timestamptz
      ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
      CREATE INDEX deliveries_of_notification ON deliveries (notification_id);

      CREATE TABLE attempts (
        id uuid PRIMARY KEY,
        notification_id uuid NOT NULL,
        delivery_id uuid NOT NULL,
        number smallint NOT NULL,
        started_at timestamptz NOT NULL,
        duration_ms integer,
        outcome text NOT NULL CHECK (outcome IN ('accepted', 'rejected', 'unknown')),
        http_status smallint,
        provider_sid text,
        provider_request_id text,
        possible_duplicate boolean NOT NULL DEFAULT false
      ) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
      CREATE INDEX attempts_of_notification ON attempts (notification_id);
      CREATE INDEX attempts_provider_sid ON attempts (provider_sid) WHERE provider_sid IS NOT NULL;

      -- One row for every failed or unknown attempt and for every failed callback: the failure history.
      CREATE TABLE failures (
        id uuid PRIMARY KEY,
        at timestamptz NOT NULL,
        attempt_id uuid NOT NULL,
        callback_id uuid,
        notification_id uuid NOT NULL,
        delivery_id uuid NOT NULL,
        client_id uuid NOT NULL,
        recipient text NOT NULL,
        channel text NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('rejected', 'unknown', 'accepted')),
        http_status smallint,
        provider_code integer,
        provider_message text,
        provider_body text,
        error_class text NOT NULL CHECK (error_class IN
          ('invalid_request', 'authentication', 'permission', 'not_found', 'rate_limited', 'quota_exhausted',
           'provider_fault', 'recipient_unreachable', 'channel_unavailable', 'content_rejected', 'opted_out')),
        responsible text NOT NULL CHECK (responsible IN ('caller', 'operator', 'provider', 'recipient')),
        rule text NOT NULL,
        next_step json NOT NULL
      );
      CREATE INDEX failures_of_notification ON failures (notification_id);
      CREATE INDEX failures_at ON failures (at, id);
      CREATE INDEX failures_class ON failures (error_class, id);
      CREATE INDEX failures_code ON failures (provider_code, id);
      CREATE INDEX failures_client ON failures (client_id, id);
      CREATE INDEX failures_recipient ON failures (recipient, id);

      CREATE TABLE callbacks (
        id uuid PRIMARY KEY,
        attempt_id uuid NOT NULL,
        notification_id uuid NOT NULL,
        delivery_id uuid NOT NULL,
        provider_sid text NOT NULL,
        status text NOT NULL,
        error_code integer,
        params json NOT NULL,
        received_at timestamptz NOT NULL
      ) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
      -- Twilio repeats callbacks: one (sid, status) counts once.
      CREATE UNIQUE INDEX callbacks_once ON callbacks (provider_sid, status);
      CREATE INDEX callbacks_of_notification ON callbacks (notification_id);

      -- Decisions that are not the next step of a failure: held, released, reconciled, fell back by timer, suppressed…
      CREATE TABLE decisions (
        id uuid PRIMARY KEY,
        notification_id uuid NOT NULL,
        delivery_id uuid,
        attempt_id uuid,
        at timestamptz NOT NULL,
        rule text NOT NULL,
        sentence text NOT NULL
      );
      CREATE INDEX decisions_of_notification ON decisions (notification_id);

      -- The due work. One row per notification that still has something to do; finished work leaves no row.
      CREATE TABLE outbox (
        notification_id uuid PRIMARY KEY,
        delivery_id uuid NOT NULL,
        channel text NOT NULL,
        sender text NOT NULL,
        stage text NOT NULL CHECK (stage IN ('send', 'reconcile', 'await_delivery')),
        priority smallint NOT NULL,
        due_at timestamptz NOT NULL,
        expires_at timestamptz,
        -- The attempt in flight (leased), or the one whose outcome is unknown (stage reconcile).
        attempt_id uuid,
        attempt_started_at timestamptz,
        attempts smallint NOT NULL DEFAULT 0,
        retries smallint NOT NULL DEFAULT 0,
        waited_ms integer NOT NULL DEFAULT 0,
        lookups smallint NOT NULL DEFAULT 0,
        -- No retry is left: the last unknown attempt is looked up once more, then a fallback or a human takes over.
        exhausted boolean NOT NULL DEFAULT false,
        possible_duplicate boolean NOT NULL DEFAULT false,
        probe boolean NOT NULL DEFAULT false,
        held_by uuid,
        lease_token uuid,
        lease_owner uuid,
        leased_until timestamptz
      ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
              autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.05);
      -- Exactly the order in which a claim reads.
      CREATE INDEX outbox_due ON outbox (priority, due_at)
        WHERE lease_token IS NULL AND held_by IS NULL AND stage <> 'await_delivery';
      CREATE INDEX outbox_leases ON outbox (leased_until) WHERE lease_token IS NOT NULL;
      CREATE INDEX outbox_held ON outbox (held_by, priority, due_at) WHERE held_by IS NOT NULL;
      CREATE INDEX outbox_expiry ON outbox (expires_at) WHERE expires_at IS NOT NULL;
      CREATE INDEX outbox_awaiting ON outbox (due_at) WHERE stage = 'await_delivery';
      CREATE INDEX outbox_attempt ON outbox (attempt_id) WHERE attempt_id IS NOT NULL;

      CREATE TABLE dead_letters (
        id uuid PRIMARY KEY,
        notification_id uuid NOT NULL,
        delivery_id uuid NOT NULL,
        client_id uuid NOT NULL,
        state text NOT NULL CHECK (state IN ('open', 'resolved')),
        error_class text NOT NULL,
        http_status smallint,
        provider_code integer,
        channel text NOT NULL,
        category text NOT NULL,
        incident_id uuid,
        reason text NOT NULL,
        opened_at timestamptz NOT NULL,
        resolved_at timestamptz,
        resolution text CHECK (resolution IN ('retried', 'edited_and_retried', 'sent_on_fallback', 'discarded')),
        resolved_by text,
        note text,
        CHECK ((state = 'resolved') = (resolution IS NOT NULL AND resolved_at IS NOT NULL))
      );
      -- A notification waits for a human at most once at a time.
      CREATE UNIQUE INDEX dead_letters_open ON dead_letters (notification_id) WHERE state = 'open';
      CREATE INDEX dead_letters_of_notification ON dead_letters (notification_id);
      CREATE INDEX dead_letters_queue ON dead_letters (state, id);
      CREATE INDEX dead_letters_incident ON dead_letters (incident_id) WHERE incident_id IS NOT NULL;

      CREATE TABLE audit_log (
        id uuid PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT service_now(),
        actor text NOT NULL,
        action text NOT NULL,
        subject_type text NOT NULL,
        subject_id text NOT NULL,
        before json,
        after json,
        note text
      );
      CREATE INDEX audit_log_subject ON audit_log (subject_type, subject_id, id);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE audit_log, dead_letters, outbox, decisions, callbacks, failures, attempts, deliveries, notifications,
        api_keys, clients;
      DROP FUNCTION new_uuid_v7();
      DROP FUNCTION service_now();
    `);
  }
}
