import { describe, expect, it } from 'vitest';
import { InvalidEnvironmentError, type EnvironmentProblem } from '../src/config/environment.error.js';
import { ENVIRONMENT_SCHEMA, type Environment } from '../src/config/environment.schema.js';
import { readEnvironment } from '../src/config/read-environment.js';

const ACCOUNT = { TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: 'a-token' };
const PRODUCTION = { NODE_ENV: 'production', DATABASE_URL: 'postgres://localhost/postrider', ...ACCOUNT };

/** What is wrong with this environment; fails when nothing is. */
function problemsOf(variables: Record<string, string>): { problems: readonly EnvironmentProblem[]; message: string } {
  try {
    readEnvironment(variables);
  } catch (error) {
    if (error instanceof InvalidEnvironmentError) return error;
    throw error;
  }
  throw new Error('Nothing is wrong with this environment');
}

describe('an empty environment', () => {
  it('has the defaults of the contract', () => {
    expect(readEnvironment({})).toMatchObject({
      PORT: 3000,
      HOST: '127.0.0.1',
      ROLE: 'all',
      IDEMPOTENCY_TTL_HOURS: 168,
      REQUIRE_IDEMPOTENCY_KEY: false,
      TWILIO_TIMEOUT_MS: 10_000,
      RETRY_BASE_MS: 1000,
      RETRY_FACTOR: 2,
      RETRY_MAX: 5,
      RETRY_BUDGET_MS: 60_000,
      DISPATCH_CONCURRENCY: 64,
      LEASE_MS: 30_000,
      INCIDENT_THRESHOLD: 10,
      INCIDENT_WINDOW_MS: 60_000,
      INCIDENT_PROBE_MS: 15_000,
      SENDER_RATES: new Map(),
      ALLOWED_COUNTRIES: new Set(),
      BODY_RETENTION_HOURS: 720,
      HISTORY_RETENTION_DAYS: 400,
    } satisfies Partial<Environment>);
  });

  it('is what variables without a value are, except where no value says something', () => {
    for (const nothing of ['', ' ', '\t ']) {
      const variables = {
        PORT: nothing,
        HOST: nothing,
        DATABASE_URL: nothing,
        TWILIO_SMS_FROM: nothing,
        RETRY_MAX: nothing,
      };
      expect(readEnvironment(variables)).toEqual(readEnvironment({}));
      expect(readEnvironment({ TWILIO_STATUS_URL: nothing }).TWILIO_STATUS_URL).toBe('');
    }
  });
});

describe('good values', () => {
  it.each<[keyof Environment, string, unknown]>([
    ['PORT', '0', 0],
    ['PORT', ' 8080 ', 8080],
    ['HOST', 'fe80::1', 'fe80::1'],
    ['HOST', 'postrider.internal', 'postrider.internal'],
    ['DATABASE_URL', 'postgres://u:100%25@h/db', 'postgres://u:100%25@h/db'],
    ['PUBLIC_URL', 'https://example.com/postrider', 'https://example.com/postrider'],
    ['RETRY_FACTOR', '1.5', 1.5],
    ['REQUIRE_IDEMPOTENCY_KEY', 'true', true],
    ['DATABASE_PREPARED_STATEMENTS', 'false', false],
    ['TWILIO_WHATSAPP_FROM', 'whatsapp:+14155238886', '+14155238886'],
    ['TWILIO_WHATSAPP_FROM', '+14155238886', '+14155238886'],
    ['TWILIO_SMS_FROM', `MG${'0'.repeat(32)}`, `MG${'0'.repeat(32)}`],
    ['TWILIO_SMS_FROM', 'Postrider', 'Postrider'],
    ...['rc=5&rp=all', 'ct=2000&rt=3000&tt=15000&rp=4xx,ct&e=ashburn,dublin&sni=n'].map(
      (all) => ['TWILIO_CALLBACK_OVERRIDES', all, all] satisfies [keyof Environment, string, unknown],
    ),
    ['ALERT_WEBHOOK_SECRET', 'any text: ö!', 'any text: ö!'],
    ['ALERTMANAGER_URL', 'http://a:9093, https://me:secret@b/am ,', ['http://a:9093', 'https://me:secret@b/am']],
    ['ALLOWED_COUNTRIES', 'de, at,CH', new Set(['DE', 'AT', 'CH'])],
    ['ALLOWED_COUNTRIES', 'DE,AT,', new Set(['DE', 'AT'])],
    ['ALLOWED_COUNTRIES', 'all', new Set()],
    ['SENDER_RATES', 'none', new Map()],
    [
      'SENDER_RATES',
      '+15005550006=1, whatsapp:+14155238886=80,voice:+15005550006=0.5',
      new Map([
        ['+15005550006', 1],
        ['whatsapp:+14155238886', 80],
        ['voice:+15005550006', 0.5],
      ]),
    ],
  ])('reads %s=%s', (variable, value, expected) => {
    expect(readEnvironment({ [variable]: value })[variable]).toEqual(expected);
  });
});

const WHOLE_NUMBERS = [
  'PORT',
  'DATABASE_POOL_MAX',
  'DATABASE_TIMEOUT_MS',
  'IDEMPOTENCY_TTL_HOURS',
  'TWILIO_TIMEOUT_MS',
  'RETRY_BASE_MS',
  'RETRY_MAX',
  'RETRY_BUDGET_MS',
  'DISPATCH_CONCURRENCY',
  'LEASE_MS',
  'INCIDENT_THRESHOLD',
  'INCIDENT_WINDOW_MS',
  'INCIDENT_PROBE_MS',
  'UNAVAILABLE_CHANNEL_HOURS',
  'RECEIPT_CHECK_MINUTES',
  'BACKLOG_ALERT_SECONDS',
  'SHUTDOWN_DELAY_MS',
  'BODY_RETENTION_HOURS',
  'HISTORY_RETENTION_DAYS',
] as const;

const ADDRESSES = [
  'PUBLIC_URL',
  'TWILIO_BASE_URL',
  'TWILIO_STATUS_URL',
  'CONSOLE_URL',
  'ALERT_WEBHOOK_URL',
  'ALERTMANAGER_URL',
  'PAGERDUTY_URL',
  'SLACK_WEBHOOK_URL',
] as const;

const SECRETS = [
  'TWILIO_AUTH_TOKEN',
  'TWILIO_AUTH_TOKEN_SECONDARY',
  'TWILIO_API_KEY_SECRET',
  'ALERT_WEBHOOK_SECRET',
  'PAGERDUTY_ROUTING_KEY',
] as const;

/** A wrong value of each variable that can have one, and what the operator reads instead of it. */
const WRONG: readonly [variable: keyof Environment, value: string, expected: RegExp][] = [
  ...WHOLE_NUMBERS.flatMap((name) =>
    ['many', '1.5', '-1', '+3', '0x10', '1e3', '999999999999'].map(
      (value) => [name, value, /^a whole number from \d+ to \d+$/] satisfies (typeof WRONG)[number],
    ),
  ),
  ...ADDRESSES.map((name) => [name, 'ftp://secret.example', /http/] satisfies (typeof WRONG)[number]),
  ...['https://user:secret@example.com', 'https://example.com/?tenant=secret', 'https://example.com/#secret'].map(
    (value) => ['PUBLIC_URL', value, /without query, fragment, user and password$/] satisfies (typeof WRONG)[number],
  ),
  ['CONSOLE_URL', 'https://user:secret@example.com', /address without user and password$/],
  ...ADDRESSES.filter((name) => name !== 'PUBLIC_URL' && name !== 'CONSOLE_URL').map(
    (name) =>
      [name, 'http://user:100%secret@example.com', /user and password written as %25/] satisfies (typeof WRONG)[number],
  ),
  ['PUBLIC_URL', 'https://a secret.example', /http/],
  ...[
    'http://secret,b:9093',
    ' , ',
    'http://secret,http://secret/',
    'http://1,http://2,http://3,http://4,http://5,http://6',
  ].map(
    (value) =>
      ['ALERTMANAGER_URL', value, /5 at most, each once, separated by commas$/] satisfies (typeof WRONG)[number],
  ),
  ['HOST', 'not a host', /^an address or a name to listen on/],
  ['HOST', '[::1]', /^an address or a name to listen on/],
  // A slip here would start production on the embedded database and the simulator.
  ['NODE_ENV', 'staging', /^production, development or test$/],
  ['NODE_ENV', 'Production', /^production, development or test$/],
  ['ROLE', 'wroker', /^api, worker or all$/],
  ['DATABASE_URL', 'mysql://user:secret@host/db', /^a postgres:\/\/ address$/],
  ['DATABASE_URL', 'postgres://user:50%secret@host/db', /^a postgres:\/\/ address with %/],
  ['DATABASE_LISTEN_URL', 'host:5432', /^a postgres:\/\/ address$/],
  ['DATABASE_PREPARED_STATEMENTS', 'off', /^true, or false/],
  ...[
    'short-secret',
    'x'.repeat(513),
    'a secret with an ümlaut',
    ' a secret after a space',
    'a secret before one ',
    'a\ttab in the secret, too',
  ].map((value) => ['ADMIN_API_KEY', value, /^a secret of 20 to 512 printable ASCII/] satisfies (typeof WRONG)[number]),
  ['REQUIRE_IDEMPOTENCY_KEY', 'yes', /^true or false$/],
  ['TWILIO_ACCOUNT_SID', 'AC-secret', /^AC followed by 32 hex digits$/],
  ['TWILIO_API_KEY_SID', 'AC0123', /^SK followed by 32 hex digits$/],
  ['TWILIO_SMS_FROM', '0170 1234567', /^a number such as/],
  ['TWILIO_WHATSAPP_FROM', 'whatsapp:123', /^a number such as/],
  ['TWILIO_VOICE_FROM', `MG${'0'.repeat(32)}`, /^a number such as/],
  ...['#rc=5', 'rc=6', 'ct=99', 'rp=6xx', 'retries=5', 'rc=5&rc=4'].map(
    (value) =>
      [
        'TWILIO_CALLBACK_OVERRIDES',
        value,
        /^connection overrides such as rc=5&rp=all/,
      ] satisfies (typeof WRONG)[number],
  ),
  // As from a file that was read with the end of its line.
  ...SECRETS.map(
    (name) => [name, 'a-secret\n', /, no blank (?:in it|at either end)$/] satisfies (typeof WRONG)[number],
  ),
  ...['0.5', '0x2', '1e0', '2,5'].map(
    (value) => ['RETRY_FACTOR', value, /^a number from 1 to 10$/] satisfies (typeof WRONG)[number],
  ),
  ...['fast', '0', '1=2', '1e3'].map(
    (rate) => ['SENDER_RATES', `+15005550006=${rate}`, /^pairs such as/] satisfies (typeof WRONG)[number],
  ),
  ['SENDER_RATES', 'SMS=3', /^senders rather than channels/],
  ['SENDER_RATES', 'sms:+15005550006=1', /^pairs such as/],
  ['SENDER_RATES', `voice:MG${'0'.repeat(32)}=1`, /^pairs such as/],
  ['SENDER_RATES', '+15005550006=1,+15005550006=2', /each sender once$/],
  ['ALLOWED_COUNTRIES', ' , ,', /^ISO country codes such as/],
  ['ALLOWED_COUNTRIES', 'DE,Austria', /^ISO country codes such as/],
  ['ALLOWED_COUNTRIES', 'ALL,DE', /^ISO country codes such as/],
  ['LOG_LEVEL', 'loud', /^trace, debug, info/],
];

/** Any text will do; what is wrong with one of these, only their use can tell. */
const ANY_TEXT = new Set(['DATA_DIR', 'TWILIO_STATUS_COMPONENTS', 'TWILIO_ERROR_CODES_FILE']);

describe('wrong values', () => {
  it.each(WRONG)('refuses %s=%s', (variable, value, expected) => {
    const { problems, message } = problemsOf({ [variable]: value });
    expect(problems).toEqual([{ variable, expected: expect.stringMatching(expected) }]);
    expect(message).toContain(`${variable}: expected `);
    expect(message).not.toContain(value);
  });

  it('are tried here for every variable that can have one', () => {
    const tried = new Set<string>(WRONG.map(([variable]) => variable));
    const missing = Object.keys(ENVIRONMENT_SCHEMA.shape).filter((name) => !tried.has(name) && !ANY_TEXT.has(name));
    expect(missing).toEqual([]);
  });

  it('are named all at once', () => {
    const { problems } = problemsOf({ PORT: 'eighty', ROLE: 'none', RETRY_MAX: '21' });
    expect(problems.map(({ variable }) => variable)).toEqual(['PORT', 'ROLE', 'RETRY_MAX']);
  });
});

describe('contradictions', () => {
  it.each<[what: string, given: Record<string, string>, named: string]>([
    ['an account without its token', { TWILIO_ACCOUNT_SID: ACCOUNT.TWILIO_ACCOUNT_SID }, 'TWILIO_AUTH_TOKEN'],
    ['a token without its account', { TWILIO_AUTH_TOKEN: ACCOUNT.TWILIO_AUTH_TOKEN }, 'TWILIO_ACCOUNT_SID'],
    ['only the other token of a rotation', { TWILIO_AUTH_TOKEN_SECONDARY: 'old' }, 'TWILIO_AUTH_TOKEN'],
    ['an API key without its secret', { TWILIO_API_KEY_SID: `SK${'0'.repeat(32)}` }, 'TWILIO_API_KEY_SECRET'],
    ['the secret of no API key', { TWILIO_API_KEY_SECRET: 'a-secret' }, 'TWILIO_API_KEY_SID'],
    [
      'an API key without an account, which the simulator would refuse',
      { TWILIO_API_KEY_SID: `SK${'0'.repeat(32)}`, TWILIO_API_KEY_SECRET: 'a-secret' },
      'TWILIO_ACCOUNT_SID',
    ],
    ['a way around a pooler to no database', { DATABASE_LISTEN_URL: 'postgres://h/db' }, 'DATABASE_URL'],
    ['another provider without an account', { TWILIO_BASE_URL: 'http://127.0.0.1:1' }, 'TWILIO_ACCOUNT_SID'],
    ['a lease that ends before its request', { LEASE_MS: '10000', TWILIO_TIMEOUT_MS: '10000' }, 'LEASE_MS'],
    ['an address to listen on that is none to call', { HOST: 'fe80::1%eth0' }, 'PUBLIC_URL'],
  ])('refuses %s', (_what, given, named) => {
    expect(problemsOf(given).problems.map(({ variable }) => variable)).toEqual([named]);
  });
});

describe('production', () => {
  it('runs neither on the embedded database nor on the simulator', () => {
    const named = problemsOf({ NODE_ENV: 'production' }).problems.map(({ variable }) => variable);
    expect(named).toEqual(['DATABASE_URL', 'TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN']);
  });

  it('is content with a database and an account', () => {
    expect(readEnvironment(PRODUCTION)).toMatchObject(PRODUCTION);
  });
});
