import type { Statement } from '../database/database.js';

/** The most that may be saved up: half a second's sends and at least one, so that releases stay even. */
const BURST = 'greatest(1, s.per_second / 2)';

/** Stores the paces of SENDER_RATES. Work waiting for a pace that is no longer named is released as a stray. */
export const SEED_PACES: Statement = {
  name: 'paces-seed',
  text: `
    INSERT INTO sender_paces (sender, hold_id, per_second, tokens, refilled_at)
    SELECT s.sender, s.hold_id, s.per_second, ${BURST}, service_now()
    FROM unnest($1::text[], $2::uuid[], $3::float8[]) AS s (sender, hold_id, per_second)
    ORDER BY s.sender
    ON CONFLICT (sender) DO UPDATE SET per_second = EXCLUDED.per_second`,
};

/** Further ahead than another replica's statement, which began later, can have put it: the clock was set back since. */
const AHEAD = `s.refilled_at > service_now() + interval '5 seconds'`;

/**
 * Takes at most $2 whole sends from a hold's pace, after refilling it for the time since the last taking. Work that has
 * its turn but has not begun counts against the burst, so turns do not pile up while every slot is busy. Returns no row
 * while another replica is taking. A time that lies ahead is replaced, or nothing would be refilled until it has come.
 */
export const TAKE_SENDS: Statement = {
  name: 'paces-take',
  text: `
    WITH pace AS (
      SELECT s.sender, ${BURST} AS burst, ${AHEAD} AS ahead,
        s.tokens + s.per_second * greatest(0, extract(epoch FROM service_now() - s.refilled_at)) AS tokens
      FROM sender_paces s WHERE s.hold_id = $1
      FOR UPDATE SKIP LOCKED
    ), begun AS MATERIALIZED (
      SELECT pace.sender, pace.ahead, given.turns, least(pace.tokens, greatest(0, pace.burst - given.turns)) AS tokens
      FROM pace, LATERAL (
        SELECT count(*) AS turns FROM (
          SELECT 1 FROM outbox WHERE released_by = $1 AND lease_token IS NULL LIMIT ceil(pace.burst)::int
        ) AS waiting
      ) AS given
    )
    UPDATE sender_paces s SET tokens = begun.tokens - greatest(0, least(floor(begun.tokens), $2::float8)),
      refilled_at = CASE WHEN begun.ahead THEN service_now() ELSE greatest(s.refilled_at, service_now()) END
    FROM begun WHERE s.sender = begun.sender AND (begun.tokens >= 1 OR begun.turns > 0 OR begun.ahead)
    RETURNING greatest(0, least(floor(begun.tokens), $2::float8))::int AS taken`,
};

export const GIVE_SENDS_BACK: Statement = {
  name: 'paces-give-back',
  text: `UPDATE sender_paces s SET tokens = least(${BURST}, s.tokens + $2) WHERE s.hold_id = $1`,
};

/** Charges the pace for a send that did not wait for its turn: a probe. */
export const OWE_SEND: Statement = {
  name: 'paces-owe',
  text: `UPDATE sender_paces SET tokens = tokens - 1 WHERE hold_id = $1`,
};
