/**
 * Conditions on a row that was found by its notification. As truth values, which keep the partial indexes of leases and
 * receipts out of the plan: while the outbox is small, reading such an index from end to end seems as cheap as looking
 * up one row, and a plan that is kept would do so for ever.
 */
export const leasedWith = (token: string, row = 'outbox') => `(${row}.lease_token = ${token}) IS TRUE`;
export const awaitsDelivery = (row = 'outbox') => `(${row}.stage = 'await_delivery') IS TRUE`;

/** For an UPDATE of outbox rows: nobody works on them any longer. */
export const NO_LEASE = 'lease_token = NULL, lease_owner = NULL, leased_until = NULL';

/** The same, with the release from a circuit or pace, which is good for one attempt, used up. */
export const NO_LEASE_NOR_PASS = `probe = false, released_by = NULL, ${NO_LEASE}`;

/**
 * The number of the row's next attempt. A row that was a probe for weeks, because its provider cannot be reached, stays
 * at the largest number its column holds: a claim that fails on it would fail for everything else, too.
 */
export const NEXT_ATTEMPT = 'least(attempts + 1, 32767)';

/** The row's retries plus the one that a lost lease spends, kept within its column for the same reason. */
export const ONE_MORE_RETRY = 'least(retries + 1, 32767)';

/** For a row that begins another delivery: it has no attempt yet, and has spent no retry. */
export const NOTHING_BEGUN = `attempts = 0, retries = 0, waited_ms = 0, exhausted = false, lookups = 0,
        attempt_id = NULL, attempt_started_at = NULL`;
