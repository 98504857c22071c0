import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What replicas share to stop sending together: circuits, incidents, the provider's health, pace and suppression. */
export class Incidents1763800100000 implements MigrationInterface {
  readonly name = 'Incidents1763800100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE circuits (
        id uuid PRIMARY KEY,
        -- 'account:AC…', 'resource:sms', 'sender:whatsapp:+1…': what the circuit switches.
        scope text NOT NULL UNIQUE,
        state text NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
        -- Why it is not closed; null while it is.
        cause text CHECK (cause IN ('authentication', 'quota', 'rate_limit', 'sender_unavailable', 'incident', 'operator')),
        reason text,
        opened_at timestamptz,
        -- Open: when one real send may try whether it works again; null: only an operator closes it.
        -- Half-open, or closed and still holding: when the next rows are let out.
        next_probe_at timestamptz,
        -- Openings in a row without a recovery in between: the waits of a rate limit grow with it.
        backoff smallint NOT NULL DEFAULT 0,
        -- How many held rows the last step let out, and how many all steps since it opened.
        ramp integer NOT NULL DEFAULT 0,
        released integer NOT NULL DEFAULT 0,
        -- Of the credentials that were refused (SHA-256, first 8 bytes, hex): other credentials earn a probe.
        credentials text,
        incident_id uuid,
        -- When the state last changed: what an attempt that began earlier says no longer counts.
        changed_at timestamptz NOT NULL DEFAULT to_timestamp(0),
        CHECK ((state = 'closed') = (cause IS NULL)),
        CHECK ((state = 'closed') = (opened_at IS NULL))
      );

      CREATE TABLE incidents (
        id uuid PRIMARY KEY,
        started_at timestamptz NOT NULL,
        ended_at timestamptz,
        resources text[] NOT NULL,
        cause text NOT NULL,
        -- The most that waited in its circuits at once.
        held integer NOT NULL DEFAULT 0
      );
      CREATE UNIQUE INDEX incidents_one_open ON incidents ((true)) WHERE ended_at IS NULL;

      CREATE TABLE incident_events (
        id uuid PRIMARY KEY,
        incident_id uuid NOT NULL REFERENCES incidents (id),
        at timestamptz NOT NULL,
        kind text NOT NULL CHECK (kind IN ('opened', 'extended', 'status_page', 'probe_sent', 'probe_failed',
          'half_open', 'reopened', 'overruled', 'circuit_closed', 'closed')),
        sentence text NOT NULL
      );
      CREATE INDEX incident_events_of_incident ON incident_events (incident_id, id);

      -- What recent attempts said, a row per replica, resource and quarter of a second: nobody waits for another's counter.
      CREATE TABLE provider_health (
        owner uuid NOT NULL,
        resource text NOT NULL,
        at timestamptz NOT NULL,
        attempts integer NOT NULL,
        faults integer NOT NULL,
        PRIMARY KEY (at, resource, owner)
      ) WITH (fillfactor = 70);

      -- The pace of a sender, shared: how many sends it has to give, and as of when.
      CREATE TABLE sender_paces (
        -- '+1…' or 'whatsapp:+1…', as SENDER_RATES names it.
        sender text PRIMARY KEY,
        -- What held rows point to while they wait for their turn.
        hold_id uuid NOT NULL UNIQUE,
        per_second double precision NOT NULL CHECK (per_second > 0),
        tokens double precision NOT NULL,
        refilled_at timestamptz NOT NULL
      );

      -- The circuit or pace that let a held row out, until its next attempt is over: it is not held there again.
      ALTER TABLE outbox ADD COLUMN released_by uuid;

      -- (sender, recipient) pairs that must not be sent to until they opt in again.
      CREATE TABLE suppressions (
        id uuid PRIMARY KEY,
        sender text NOT NULL,
        recipient text NOT NULL,
        reason text NOT NULL,
        created_at timestamptz NOT NULL,
        lifted_at timestamptz,
        lifted_by text
      );
      CREATE UNIQUE INDEX suppressions_active ON suppressions (sender, recipient) WHERE lifted_at IS NULL;

      -- Channels on which a recipient is known not to be, until when.
      CREATE TABLE unavailable_channels (
        recipient text NOT NULL,
        channel text NOT NULL,
        provider_code integer,
        until timestamptz NOT NULL,
        PRIMARY KEY (recipient, channel)
      );
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE unavailable_channels, suppressions, sender_paces, provider_health, incident_events, incidents, circuits;
      ALTER TABLE outbox DROP COLUMN released_by;
    `);
  }
}
