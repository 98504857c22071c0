import type { Statement } from '../../database/database.js';
import { FILTER_LENGTH, fitsFilter } from '../dead-letter.filter.js';

/** The columns of `replays r`. Ids that the filter names are left out: there may be ten thousand of them. */
const REPLAY = `
  r.id, r.state, r.action, r.channel, CASE WHEN named.ids IS NULL THEN r.filter
    ELSE (r.filter::jsonb - 'ids')::json END AS filter, json_array_length(named.ids) AS ids,
  r.rate_per_second AS "ratePerSecond", r.note, r.started_by AS "startedBy", r.started_at AS "startedAt",
  r.ended_at AS "endedAt", r.matched, r.done, r.failed, r.skips`;

const NAMED = `LATERAL (SELECT r.filter -> 'ids' AS ids) AS named`;

/** Counts the dead letters that match now and stores the last of them; those opened later belong to a later replay. */
export const START_REPLAY: Statement = {
  name: 'replays-start',
  plan: 'each_time',
  text: `
    WITH r AS (
    INSERT INTO replays (id, state, action, channel, filter, rate_per_second, note, started_by, started_at, next_at,
      matched, up_to)
    SELECT new_uuid_v7(), 'running', $${FILTER_LENGTH + 1}, $${FILTER_LENGTH + 2}, $${FILTER_LENGTH + 3},
      $${FILTER_LENGTH + 4}, $${FILTER_LENGTH + 5}, $${FILTER_LENGTH + 6}, service_now(), service_now(),
      (SELECT count(*) FROM dead_letters l WHERE ${fitsFilter(1)}),
      (SELECT l.id FROM dead_letters l WHERE ${fitsFilter(1)} ORDER BY l.id DESC LIMIT 1)
    RETURNING *)
    SELECT ${REPLAY} FROM r, ${NAMED}`,
};

export const FIND_REPLAY: Statement = {
  name: 'replays-find',
  text: `SELECT ${REPLAY} FROM replays r, ${NAMED} WHERE r.id = $1`,
};

/** Waits for the step in progress. */
export const LOCK_REPLAY: Statement = {
  name: 'replays-lock',
  text: `SELECT ${REPLAY} FROM replays r, ${NAMED} WHERE r.id = $1 FOR NO KEY UPDATE OF r`,
};

/** When the next turn is, or was. Turns that are late are caught up on for no longer than this, to avoid a burst. */
const TURN = `greatest(next_at, service_now() - interval '250 milliseconds')`;

/**
 * Takes the running replay whose turn comes first, for one step, with the number of its turns that are due, at most $1.
 * Its row lock is the lease: another replica takes another replay, and the lock of a process that dies goes with it.
 */
export const TAKE_REPLAY: Statement = {
  name: 'replays-take',
  plan: 'each_time',
  text: `
    SELECT id, action, channel, note, started_by AS "startedBy", up_to AS "upTo", done_to AS "doneTo",
      (extract(epoch FROM next_at - service_now()) * 1000)::float AS "dueInMs",
      least($1, 1 + floor(extract(epoch FROM service_now() - ${TURN}) * rate_per_second))::int AS turns
    FROM replays WHERE state = 'running' ORDER BY next_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`,
};

/** Limits how long a step waits for a row that somebody has locked: all replays would wait along with it. */
export const WAIT_A_MOMENT: Statement = {
  name: 'replays-wait-a-moment',
  plan: 'each_time',
  text: `SET LOCAL lock_timeout = '5s'`,
};

/** The whole filter of a replay, including ids; read once by each process that carries it out. */
export const FILTER_OF_REPLAY: Statement = { name: 'replays-filter', text: 'SELECT filter FROM replays WHERE id = $1' };

/**
 * The next dead letters of a replay: oldest first, none twice. Parameters after the filter's: last one done, last of
 * all, limit.
 */
export const NEXT_OF_REPLAY: Statement = {
  name: 'replays-next',
  plan: 'each_time',
  text: `
    SELECT l.id FROM dead_letters l
    WHERE ${fitsFilter(1)} AND ($${FILTER_LENGTH + 1}::uuid IS NULL OR l.id > $${FILTER_LENGTH + 1})
      AND l.id <= $${FILTER_LENGTH + 2}
    ORDER BY l.id LIMIT $${FILTER_LENGTH + 3}`,
};

/**
 * Records a step: the last dead letter dealt with, how many were resolved (each takes a turn), and how many were left
 * alone, by reason. Leaving one alone takes no turn, since nothing was sent. Even so, next_at advances (see TURN), or a
 * replay of thousands to skip would go before all others.
 */
export const COUNT_STEP: Statement = {
  name: 'replays-count-step',
  text: `
    UPDATE replays SET done_to = $2, done = done + $3, failures_in_a_row = 0,
      next_at = ${TURN} + $3 * interval '1 second' / rate_per_second,
      skips = skips || coalesce((
        SELECT jsonb_object_agg(reason, coalesce((skips ->> reason)::int, 0) + count::int)
        FROM jsonb_each_text($4) AS left_alone (reason, count)
      ), '{}')
    WHERE id = $1`,
};

/** Records a failure, unless another replica has dealt with this dead letter since. */
export const COUNT_FAILED: Statement = {
  name: 'replays-count-failed',
  text: `
    UPDATE replays SET done_to = $2, failed = failed + 1, failures_in_a_row = failures_in_a_row + 1,
      next_at = ${TURN} + interval '1 second' / rate_per_second
    WHERE id = $1 AND state = 'running' AND (done_to IS NULL OR done_to < $2)
    RETURNING failures_in_a_row AS "failuresInARow"`,
};

/** Ends a replay. On completion, what matched but was not found any more had been resolved by somebody else. */
export const END_REPLAY: Statement = {
  name: 'replays-end',
  text: `
    WITH ended AS (
    UPDATE replays r SET state = $2, ended_at = service_now(),
      skips = CASE WHEN $2 = 'completed' AND gone.count > 0
        THEN jsonb_set(skips, '{already_resolved}', to_jsonb(coalesce((skips ->> 'already_resolved')::int, 0) + gone.count))
        ELSE skips END
    FROM (
      SELECT id, matched - done - failed - (SELECT coalesce(sum(value::int), 0)::int FROM jsonb_each_text(skips)) AS count
      FROM replays WHERE id = $1
    ) AS gone
    WHERE r.id = gone.id
    RETURNING r.*)
    SELECT ${REPLAY} FROM ended r, ${NAMED}`,
};
