import type { Statement } from '../database/database.js';

export const SUPPRESS: Statement = {
  name: 'memory-suppress',
  text: `
    INSERT INTO suppressions (id, sender, recipient, reason, created_at)
    VALUES (new_uuid_v7(), $1, $2, $3, service_now())
    ON CONFLICT (sender, recipient) WHERE lifted_at IS NULL DO NOTHING`,
};

export const OPT_IN: Statement = {
  name: 'memory-opt-in',
  text: `
    UPDATE suppressions SET lifted_at = service_now(), lifted_by = $3
    WHERE sender = $1 AND recipient = $2 AND lifted_at IS NULL`,
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
  text: `
    SELECT id, sender, recipient, reason, created_at AS "createdAt" FROM suppressions
    WHERE lifted_at IS NULL AND ($1::uuid IS NULL OR id < $1) AND ($2::text IS NULL OR recipient = $2)
    ORDER BY id DESC LIMIT $3`,
};

export const LIFT_SUPPRESSION: Statement = {
  name: 'memory-lift-suppression',
  text: `
    UPDATE suppressions SET lifted_at = service_now(), lifted_by = $2 WHERE id = $1 AND lifted_at IS NULL
    RETURNING sender, recipient, reason, created_at AS "createdAt", lifted_at AS "liftedAt"`,
};
