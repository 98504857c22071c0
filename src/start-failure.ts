import { CannotListenError } from './listening-port.js';

/**
 * Describes why the service could not start and what to do about it. Messages of Node and PostgreSQL name hosts, ports
 * and roles, so where there is advice, only their error code is quoted.
 */
export function describeStartFailure(error: unknown): string {
  if (error instanceof CannotListenError) return withCode(`${error.message}\n${listenAdvice(error.code)}`, error.code);
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const advice = DATABASE_ADVICE[code] ?? (code === '' ? SILENCE_ADVICE[error.message] : undefined);
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
const NOT_LET_IN =
  'The database of DATABASE_URL does not let this role in from here. Either the role may not log in, or no rule of the ' +
  'server (pg_hba.conf) covers this machine, or the server requires TLS: then add sslmode to DATABASE_URL, as ' +
  'docs/operations/running.md says.';
const UNTRUSTED =
  'The certificate of the database of DATABASE_URL is not signed by an authority that is known here: name its CA with ' +
  'sslrootcert in DATABASE_URL, as docs/operations/running.md says.';

/** By the error code of Node or PostgreSQL. */
const DATABASE_ADVICE: Readonly<Record<string, string | undefined>> = {
  ECONNREFUSED: AWAY,
  ENOTFOUND: AWAY,
  EAI_AGAIN: AWAY,
  EHOSTUNREACH: AWAY,
  ENETUNREACH: AWAY,
  ETIMEDOUT: AWAY,
  '28P01': REFUSED,
  '28000': NOT_LET_IN,
  '3D000': 'The database named in DATABASE_URL does not exist: create it first; the tables come by themselves.',
  '55P03':
    'A migration could not have its table: another session, such as a backup, held it all the time. Start again after it.',
  '57014':
    'The database broke off a statement: somebody cancelled it, or it took longer than statement_timeout of the role or ' +
    'the database allows. Start again, with a longer one if that was the reason.',
  '42501': 'The role of DATABASE_URL may not create tables: migrations need that.',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_HAS_EXPIRED: 'The certificate of the database of DATABASE_URL has expired: renew it.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'The certificate of the database of DATABASE_URL is for another host name: write the host in DATABASE_URL as the ' +
    'certificate names it.',
};

/** Errors of pg that have no code, by message: a server took the connection and then said nothing. */
const SILENCE_ADVICE: Readonly<Record<string, string | undefined>> = {
  'Connection terminated due to connection timeout': AWAY,
  'Connection terminated unexpectedly': AWAY,
  'timeout expired': AWAY,
  'timeout exceeded when trying to connect': AWAY,
};
