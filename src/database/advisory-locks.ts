/** Keys of PostgreSQL's advisory locks, one for each thing that only one session does at a time. Never reuse one. */
export const ADVISORY_LOCK = { migrations: 7_236_401, circuits: 7_236_402, retention: 7_236_403 } as const;

/** First keys of locks with two keys: one for each of many things, told apart by the second key. */
export const ADVISORY_LOCKS = { suppression: 7_236_501 } as const;
