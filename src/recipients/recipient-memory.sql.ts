import { ADVISORY_LOCKS } from '../database/advisory-locks.js';
import type { Statement } from '../database/database.js';

/**
 * A refusal and an opt-in of one recipient at the same moment would not see each other: the second waits here, in a
 * statement of its own, and then sees the first.
 */
export const LOCK_PAIR: Statement = {
  name: 'memory-lock-pair',
  text: `SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.suppression}, hashtext($1 || ' ' || $2))`,
};

/**
 * Suppresses unless the recipient opted in after $4, when the refused attempt began; $4 is null for an opt-out made
 * now.
 */
export const SUPPRESS: Statement = {
  name: 'memory-suppress',
  text: `
    INSERT INTO suppressions (id, sender, recipient, reason, created_at)
    SELECT new_uuid_v7(), $1, $2, $3, service_now()
    WHERE (SELECT true FROM suppressions WHERE sender = $1 AND recipient = $2 AND lifted_at >= $4 LIMIT 1) IS NULL
    ON CONFLICT (sender, recipient) WHERE lifted_at IS NULL DO NOTHING`,
};

const NEVER_SUPPRESSED = 'nothing: they asked to be written to';

/**
 * Lifts the suppression. If there is none, stores the opt-in as a suppression already lifted: a refusal of something
 * older may still arrive.
 */
export const OPT_IN: Statement = {
  name: 'memory-opt-in',
  text: `
    WITH lifted AS (
      UPDATE suppressions SET lifted_at = service_now(), lifted_by = $3
      WHERE sender = $1 AND recipient = $2 AND lifted_at IS NULL
      RETURNING id
    ), repeated AS (
      UPDATE suppressions SET lifted_at = service_now(), lifted_by = $3
      WHERE sender = $1 AND recipient = $2 AND lifted_at IS NOT NULL AND reason = '${NEVER_SUPPRESSED}'
      RETURNING id
    )
    INSERT INTO suppressions (id, sender, recipient, reason, created_at, lifted_at, lifted_by)
    SELECT new_uuid_v7(), $1, $2, '${NEVER_SUPPRESSED}', service_now(), service_now(), $3
    WHERE NOT EXISTS (SELECT 1 FROM lifted) AND NOT EXISTS (SELECT 1 FROM repeated)`,
};

export const REMEMBER_NOT_ON_CHANNEL: Statement = {
  name: 'memory-not-on-channel',
  text: `
    INSERT INTO unavailable_channels (recipient, channel, provider_code, until)
    VALUES ($1, $2, $3, service_now() + $4 * interval '1 hour')
    ON CONFLICT (recipient, channel) DO UPDATE SET provider_code = EXCLUDED.provider_code, until = EXCLUDED.until`,
};

export const LIST_SUPPRESSIONS: Statement = {
  name: 'memory-list-suppressions',
  plan: 'each_time',
  text: `
    SELECT id, sender, recipient, reason, created_at AS "createdAt" FROM suppressions
    WHERE lifted_at IS NULL AND ($1::uuid IS NULL OR id < $1) AND ($2::text IS NULL OR recipient = $2)
    ORDER BY id DESC LIMIT $3`,
};

export const LIFT_SUPPRESSION: Statement = {
  name: 'memory-lift-suppression',
  plan: 'each_time',
  text: `
    UPDATE suppressions SET lifted_at = service_now(), lifted_by = $2 WHERE id = $1 AND lifted_at IS NULL
    RETURNING sender, recipient, reason, created_at AS "createdAt", lifted_at AS "liftedAt"`,
};
