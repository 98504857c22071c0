/**
 * Conditions on a row that was found by its notification. As truth values, which keeps the partial indexes of leases and of
 * receipts out of the plan: while the outbox is small, reading such an index from end to end seems to cost what looking one
 * row up does, and a plan that is kept would do so for ever.
 */
export const leasedWith = (token: string, row = 'outbox') => `(${row}.lease_token = ${token}) IS TRUE`;
export const awaitsDelivery = (row = 'outbox') => `(${row}.stage = 'await_delivery') IS TRUE`;

/** For an UPDATE of outbox rows: nobody works on them any more. */
export const NO_LEASE = 'lease_token = NULL, lease_owner = NULL, leased_until = NULL';

/** The same where what let a row out of a circuit or pace, for one attempt, is used up with it. */
export const NO_LEASE_NOR_PASS = `probe = false, released_by = NULL, ${NO_LEASE}`;

/**
 * The number of the row's next attempt. What was a probe for weeks, of a provider that cannot be reached, has the last one
 * that its column holds from then on: a claim that fails for it would fail for everything else as well.
 */
export const NEXT_ATTEMPT = 'least(attempts + 1, 32767)';

/** The row's retries with the one that a lost lease spends, within its column for the same reason. */
export const ONE_MORE_RETRY = 'least(retries + 1, 32767)';

/** For a row that begins another delivery: no attempt of it was made, and no retry is spent. */
export const NOTHING_BEGUN = `attempts = 0, retries = 0, waited_ms = 0, exhausted = false, lookups = 0,
        attempt_id = NULL, attempt_started_at = NULL`;
