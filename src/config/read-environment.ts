import type { z } from 'zod';
import { CHANNELS } from '../policy/vocabulary.js';
import { httpAddress } from './http-address.js';
import type { Environment } from './environment.schema.js';
import { ENVIRONMENT_SCHEMA } from './environment.schema.js';
import type { EnvironmentProblem } from './environment.error.js';
import { InvalidEnvironmentError } from './environment.error.js';

/**
 * Reads and checks the environment. Empty or blank variables count as absent, except where empty has a meaning.
 * @throws InvalidEnvironmentError naming every variable that is wrong, all at once.
 */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const env = checked(ENVIRONMENT_SCHEMA, variables);
  const problems = contradictions(env);
  if (problems.length > 0) throw new InvalidEnvironmentError(problems);
  return env;
}

const MIGRATION_SCHEMA = ENVIRONMENT_SCHEMA.pick({ DATABASE_URL: true, DATABASE_LISTEN_URL: true });

/**
 * Only what a migration needs: whoever migrates need not hold the credentials for sending.
 * @returns the address to migrate over, in one session throughout, which a transaction pooler does not give.
 * @throws InvalidEnvironmentError
 */
export function readMigrationAddress(variables: NodeJS.ProcessEnv): string {
  const { DATABASE_URL, DATABASE_LISTEN_URL } = checked(MIGRATION_SCHEMA, variables);
  if (!DATABASE_URL) {
    throw new InvalidEnvironmentError([
      { variable: 'DATABASE_URL', expected: 'the database to migrate; the embedded one is migrated by npm start' },
    ]);
  }
  return DATABASE_LISTEN_URL ?? DATABASE_URL;
}

function checked<Schema extends z.ZodType>(schema: Schema, variables: NodeJS.ProcessEnv): z.infer<Schema> {
  const present = Object.fromEntries(
    Object.entries(variables)
      .map(([name, value]) => [name, value?.trim() === '' ? '' : value] as const)
      .filter(([name, value]) => value !== '' || name === 'TWILIO_STATUS_URL'),
  );
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  throw new InvalidEnvironmentError(
    parsed.error.issues.map((issue) => ({ variable: issue.path.join('.'), expected: issue.message })),
  );
}

/** Rules between variables. */
function contradictions(env: Environment): EnvironmentProblem[] {
  const problems: EnvironmentProblem[] = [];
  const need = (variable: string, expected: string) => {
    // Named once, however many rules need it.
    if (!problems.some((problem) => problem.variable === variable)) problems.push({ variable, expected });
  };

  if (env.NODE_ENV === 'production') {
    if (!env.DATABASE_URL) need('DATABASE_URL', 'a postgres:// address: production does not run on the embedded one');
    if (!env.TWILIO_ACCOUNT_SID) need('TWILIO_ACCOUNT_SID', 'an account: production does not run on the simulator');
    if (!env.TWILIO_AUTH_TOKEN) need('TWILIO_AUTH_TOKEN', 'the auth token of that account: it signs callbacks');
  }
  if (env.DATABASE_LISTEN_URL && !env.DATABASE_URL) {
    need('DATABASE_URL', 'to be set with DATABASE_LISTEN_URL: both lead to the same database');
  }
  if (!env.PUBLIC_URL && !URL.canParse(httpAddress(env.HOST, env.PORT))) {
    need('PUBLIC_URL', 'to be set: HOST and PORT make no address that could be called back');
  }
  if (env.TWILIO_BASE_URL && !env.TWILIO_ACCOUNT_SID) {
    need('TWILIO_ACCOUNT_SID', 'to be set together with TWILIO_BASE_URL');
  }
  if (env.TWILIO_ACCOUNT_SID && !env.TWILIO_AUTH_TOKEN) {
    need('TWILIO_AUTH_TOKEN', 'to be set with TWILIO_ACCOUNT_SID: callbacks are signed with it');
  }
  if (env.TWILIO_AUTH_TOKEN && !env.TWILIO_ACCOUNT_SID) {
    need('TWILIO_ACCOUNT_SID', 'to be set with TWILIO_AUTH_TOKEN');
  } else if (env.TWILIO_API_KEY_SID && env.TWILIO_API_KEY_SECRET && !env.TWILIO_ACCOUNT_SID) {
    need('TWILIO_ACCOUNT_SID', 'to be set with TWILIO_API_KEY_SID: the simulator knows no key but its own');
  }
  if (env.TWILIO_AUTH_TOKEN_SECONDARY && !env.TWILIO_AUTH_TOKEN) {
    need('TWILIO_AUTH_TOKEN', 'to be set with TWILIO_AUTH_TOKEN_SECONDARY, which only checks signatures');
  }
  if (Boolean(env.TWILIO_API_KEY_SID) !== Boolean(env.TWILIO_API_KEY_SECRET)) {
    need(
      env.TWILIO_API_KEY_SID ? 'TWILIO_API_KEY_SECRET' : 'TWILIO_API_KEY_SID',
      'TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET together',
    );
  }
  if ([...env.SENDER_RATES.keys()].some((name) => isChannelName(name) && name !== env.TWILIO_SMS_FROM)) {
    need('SENDER_RATES', 'senders rather than channels, such as +15005550006=1,whatsapp:+14155238886=80');
  }
  if (env.LEASE_MS <= env.TWILIO_TIMEOUT_MS) {
    need('LEASE_MS', 'to be longer than TWILIO_TIMEOUT_MS: a lease outlives the request it covers');
  }
  return problems;
}

/** A channel's name has the shape of a sender name, but nobody means it as one. */
function isChannelName(name: string): boolean {
  return CHANNELS.some((channel) => channel === name.toLowerCase());
}
