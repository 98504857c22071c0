/** What kept the service from starting, in words that say what to do. */
export function describeStartFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const advice = ADVICE[code];
  // An AggregateError of refused connections has no message of its own.
  const what = error.message || code || error.name;
  return advice ? `${what}\n${advice}` : what;
}

const AWAY = 'The database of DATABASE_URL does not answer: is it running, and does this machine reach it?';
const REFUSED = 'The database of DATABASE_URL refuses this role or password.';

/** By the code of Node or PostgreSQL. */
const ADVICE: Readonly<Record<string, string | undefined>> = {
  EADDRINUSE: 'Something listens on this port already: stop it, or set PORT to another one.',
  EACCES: 'This user may not listen on that port: set PORT to one above 1023.',
  EADDRNOTAVAIL: 'HOST is no address of this machine.',
  ECONNREFUSED: AWAY,
  ENOTFOUND: AWAY,
  ETIMEDOUT: AWAY,
  '28P01': REFUSED,
  '28000': REFUSED,
  '3D000': 'The database named in DATABASE_URL does not exist: create it first; the tables come by themselves.',
  '42501': 'The role of DATABASE_URL may not create tables: migrations need that.',
};
