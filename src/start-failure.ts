import { CannotListenError } from './listening-port.js';

/**
 * What kept the service from starting, in words that say what to do. The messages of Node and PostgreSQL name hosts,
 * ports and roles: where there is advice, their code is all that is quoted.
 */
export function describeStartFailure(error: unknown): string {
  if (error instanceof CannotListenError) return withCode(`${error.message}\n${listenAdvice(error.code)}`, error.code);
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const advice = DATABASE_ADVICE[code];
  if (advice) return withCode(advice, code);
  // An AggregateError of refused connections has no message of its own.
  return error.message || code || error.name;
}

function withCode(text: string, code: string): string {
  return code === '' ? text : `${text} (${code})`;
}

function listenAdvice(code: string): string {
  return LISTEN_ADVICE[code] ?? 'Set HOST to an address of this machine and PORT to a free port.';
}

const LISTEN_ADVICE: Readonly<Record<string, string | undefined>> = {
  EADDRINUSE: 'Something listens on this port already: stop it, or set PORT to another one.',
  EACCES: 'This user may not listen on that port: set PORT to one above 1023.',
  EADDRNOTAVAIL: 'HOST is no address of this machine.',
  ENOTFOUND: 'HOST is a name that leads to no address.',
  EAI_AGAIN: 'HOST is a name that could not be looked up.',
};

const AWAY = 'The database of DATABASE_URL does not answer: is it running, and does this machine reach it?';
const REFUSED = 'The database of DATABASE_URL refuses this role or password.';

/** By the code of Node or PostgreSQL. */
const DATABASE_ADVICE: Readonly<Record<string, string | undefined>> = {
  ECONNREFUSED: AWAY,
  ENOTFOUND: AWAY,
  EAI_AGAIN: AWAY,
  EHOSTUNREACH: AWAY,
  ENETUNREACH: AWAY,
  ETIMEDOUT: AWAY,
  '28P01': REFUSED,
  '28000': REFUSED,
  '3D000': 'The database named in DATABASE_URL does not exist: create it first; the tables come by themselves.',
  '42501': 'The role of DATABASE_URL may not create tables: migrations need that.',
};
