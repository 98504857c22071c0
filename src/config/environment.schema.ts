import { isIP } from 'node:net';
import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';
import { areCallbackOverrides } from './callback-overrides.js';
import { bareAddress, E164, isNumberOrService, isSender } from '../policy/address.js';

/**
 * Every environment variable, its default and what it expects; contract section 4.
 * The `error` texts are what an operator reads at start: they name the expectation, never the value.
 */
const wholeNumber = (from: number, to: number, fallback: number) => {
  const error = `a whole number from ${from} to ${to}`;
  return z
    .string()
    .trim()
    .regex(/^\d+$/, { error })
    .transform(Number)
    .pipe(z.number({ error }).min(from, { error }).max(to, { error }))
    .default(fallback);
};

const FACTOR_EXPECTED = { error: 'a number from 1 to 10' };

const factor = z
  .string()
  .trim()
  .regex(/^\d+(\.\d+)?$/, FACTOR_EXPECTED)
  .transform(Number)
  .pipe(z.number(FACTOR_EXPECTED).min(1, FACTOR_EXPECTED).max(10, FACTOR_EXPECTED));

/** Callers of the address decode its user and password. */
const httpUrl = z
  .url({ protocol: /^https?$/, error: 'an http:// or https:// address', abort: true })
  .refine((value) => isDecodable(value, 'username', 'password'), {
    error:
      'an http:// or https:// address with % and other special characters of its user and password written as %25 and so on',
  });

/** Every sink is told it, so it holds no password. */
const consoleUrl = z
  .url({ protocol: /^https?$/, error: 'an http:// or https:// address', abort: true })
  .refine(isWithoutCredentials, { error: 'an http:// or https:// address without user and password' });

const STATUS_URL_EXPECTED = 'an http(s) address, or empty to switch it off';

/** Callback paths are appended to it, and Twilio signs the whole. Every sink is told it, so it holds no password. */
const publicUrl = z
  .url({
    protocol: /^https?$/,
    error: 'the http:// or https:// address at which Twilio reaches this service',
    abort: true,
  })
  .refine((value) => !/[?#]/.test(value) && isWithoutCredentials(value), {
    error: 'an http:// or https:// address without query, fragment, user and password',
  });

/** Drivers decode its parts; one that cannot be decoded would only fail there, without a word about which. */
const postgresUrl = z
  .url({ protocol: /^postgres(ql)?$/, error: 'a postgres:// address', abort: true })
  .refine((value) => isDecodable(value, 'username', 'password', 'hostname', 'pathname'), {
    error: 'a postgres:// address with % and other special characters of its parts written as %25 and so on',
  });

function isWithoutCredentials(value: string): boolean {
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

function isDecodable(value: string, ...parts: ('username' | 'password' | 'hostname' | 'pathname')[]): boolean {
  try {
    const url = new URL(value);
    for (const part of parts) decodeURIComponent(url[part]);
    return true;
  } catch {
    return false;
  }
}

const HOST_NAME = /^(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?$/;

const host = z.string().refine((value) => isIP(value) !== 0 || HOST_NAME.test(value), {
  error: 'an address or a name to listen on, such as 127.0.0.1',
});

const sid = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}[0-9a-fA-F]{32}$`), { error: `${prefix} followed by 32 hex digits` });

const smsSender = z.string().refine(isSender, {
  error: 'a number such as +15005550006, a short code or sender name, or a Messaging Service sid (MG…)',
});

const whatsappSender = z.string().transform(bareAddress).refine(isNumberOrService, {
  error: 'a number such as +14155238886, with or without whatsapp:, or a Messaging Service sid (MG…)',
});

const SENDER_RATES_EXPECTED =
  'pairs such as +15005550006=1,whatsapp:+14155238886=80,voice:+15005550006=1 (sends per second), each sender once';

/** A sender of any channel; `voice:` is for the calls of a number alone. */
function isRatedSender(name: string): boolean {
  const [prefix, address = ''] = name.split(/(?<=^(?:whatsapp|voice):)/);
  if (prefix === 'voice:') return E164.test(address);
  return prefix === 'whatsapp:' ? isNumberOrService(address) : isSender(name);
}

const senderRates = z
  .string()
  .default('')
  .transform((text, context): ReadonlyMap<string, number> => {
    const rates = new Map<string, number>();
    if (text.trim().toLowerCase() === 'none') return rates;
    for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
      const [sender = '', rate = '', ...more] = pair.trim().split('=');
      const perSecond = /^\d+(\.\d+)?$/.test(rate) ? Number(rate) : 0;
      if (!isRatedSender(sender) || rates.has(sender) || perSecond === 0 || more.length > 0) {
        context.addIssue({ code: 'custom', message: SENDER_RATES_EXPECTED });
        return z.NEVER;
      }
      rates.set(sender, perSecond);
    }
    return rates;
  });

const COUNTRIES_EXPECTED = 'ISO country codes such as DE,AT,CH, or just all';

const allowedCountries = z
  .string()
  .default('')
  .transform((text, context): ReadonlySet<string> => {
    const codes = text
      .split(',')
      .map((code) => code.trim().toUpperCase())
      .filter((code) => code !== '');
    if (text === '' || codes.join() === 'ALL') return new Set();
    // Commas alone name no country, and ALL beside others may mean either: nobody should get more than they meant.
    if (codes.length > 0 && codes.every((code) => isSupportedCountry(code))) return new Set(codes);
    context.addIssue({ code: 'custom', message: COUNTRIES_EXPECTED });
    return z.NEVER;
  });

/** Each has a name among the sinks (src/alerts/sinks/sink.ts). */
const MOST_ALERTMANAGERS = 5;

const alertmanagerUrls = z
  .string()
  .transform((text, context): readonly string[] => {
    const urls = text
      .split(',')
      .map((url) => url.trim())
      .filter((url) => url !== '');
    const expected = expectedOfEach(urls);
    if (expected === null) return urls;
    const message = `${expected}, or several of them: ${MOST_ALERTMANAGERS} at most, each once, separated by commas`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .default([]);

/** Null if nothing is wrong with them. */
function expectedOfEach(urls: readonly string[]): string | null {
  for (const url of urls) {
    const { error } = httpUrl.safeParse(url);
    if (error) return error.issues.map(({ message }) => message).join();
  }
  const distinct = new Set(urls.map((url) => new URL(url).href));
  // Commas alone name no address, so a value was intended but is missing.
  const right = distinct.size === urls.length && urls.length >= 1 && urls.length <= MOST_ALERTMANAGERS;
  return right ? null : 'an http:// or https:// address';
}

/** Text that an Authorization header carries unchanged, no longer than the service reads. */
const adminApiKey = z.string().regex(/^(?! )[ -~]{20,512}(?<! )$/, {
  error: 'a secret of 20 to 512 printable ASCII characters, no space at either end',
});

/** A blank in it would be a line end copied from a file, and every signature would be wrong. */
const secret = (what: string) => z.string().regex(/^\S+$/, { error: `${what}, no blank in it` });

const flag = z
  .enum(['true', 'false'], { error: 'true or false' })
  .default('false')
  .transform((value) => value === 'true');

export const ENVIRONMENT_SCHEMA = z.object({
  NODE_ENV: z
    .enum(['production', 'development', 'test'], { error: 'production, development or test' })
    .default('development'),
  PORT: wholeNumber(0, 65_535, 3000),
  HOST: host.default('127.0.0.1'),
  ROLE: z.enum(['all', 'api', 'worker'], { error: 'api, worker or all' }).default('all'),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_LISTEN_URL: postgresUrl.optional(),
  DATABASE_POOL_MAX: wholeNumber(2, 200, 10),
  DATABASE_TIMEOUT_MS: wholeNumber(100, 600_000, 20_000),
  DATABASE_PREPARED_STATEMENTS: z
    .enum(['true', 'false'], { error: 'true, or false behind a pooler that cannot keep them' })
    .default('true')
    .transform((value) => value === 'true'),
  DATA_DIR: z.string().default('.data'),
  PUBLIC_URL: publicUrl.optional(),
  ADMIN_API_KEY: adminApiKey.optional(),
  REQUIRE_IDEMPOTENCY_KEY: flag,
  IDEMPOTENCY_TTL_HOURS: wholeNumber(1, 87_600, 168),
  TWILIO_ACCOUNT_SID: sid('AC').optional(),
  TWILIO_AUTH_TOKEN: secret('the auth token of the account').optional(),
  TWILIO_AUTH_TOKEN_SECONDARY: secret('the other token of a rotation').optional(),
  TWILIO_API_KEY_SID: sid('SK').optional(),
  TWILIO_API_KEY_SECRET: secret('the secret of TWILIO_API_KEY_SID').optional(),
  TWILIO_BASE_URL: httpUrl.optional(),
  TWILIO_SMS_FROM: smsSender.optional(),
  TWILIO_WHATSAPP_FROM: whatsappSender.optional(),
  TWILIO_VOICE_FROM: z.string().regex(E164, { error: 'a number such as +15005550006' }).optional(),
  TWILIO_TIMEOUT_MS: wholeNumber(100, 120_000, 10_000),
  TWILIO_STATUS_URL: z.union([z.literal(''), httpUrl], { error: STATUS_URL_EXPECTED }).optional(),
  TWILIO_CALLBACK_OVERRIDES: z
    .string()
    .refine(areCallbackOverrides, {
      error: "connection overrides such as rc=5&rp=all, each once and within Twilio's bounds, or nothing",
    })
    .default(''),
  TWILIO_STATUS_COMPONENTS: z.string().default('SMS,WhatsApp,Programmable Voice,REST API'),
  TWILIO_ERROR_CODES_FILE: z.string().min(1).optional(),
  RETRY_BASE_MS: wholeNumber(1, 3_600_000, 1000),
  RETRY_FACTOR: factor.default(2),
  RETRY_MAX: wholeNumber(0, 20, 5),
  RETRY_BUDGET_MS: wholeNumber(0, 86_400_000, 60_000),
  DISPATCH_CONCURRENCY: wholeNumber(1, 2000, 64),
  LEASE_MS: wholeNumber(200, 600_000, 30_000),
  INCIDENT_THRESHOLD: wholeNumber(1, 1_000_000, 10),
  INCIDENT_WINDOW_MS: wholeNumber(1000, 3_600_000, 60_000),
  INCIDENT_PROBE_MS: wholeNumber(50, 3_600_000, 15_000),
  SENDER_RATES: senderRates,
  ALLOWED_COUNTRIES: allowedCountries,
  UNAVAILABLE_CHANNEL_HOURS: wholeNumber(0, 8760, 24),
  RECEIPT_CHECK_MINUTES: wholeNumber(0, 1440, 15),
  BACKLOG_ALERT_SECONDS: wholeNumber(1, 86_400, 300),
  BODY_RETENTION_HOURS: wholeNumber(1, 876_000, 720),
  HISTORY_RETENTION_DAYS: wholeNumber(1, 36_500, 400),
  CONSOLE_URL: consoleUrl.optional(),
  ALERT_WEBHOOK_URL: httpUrl.optional(),
  ALERT_WEBHOOK_SECRET: z
    .string()
    .regex(/^\S(?:.*\S)?$/, { error: 'whsec_ and base64 or any text, no blank at either end' })
    .optional(),
  ALERTMANAGER_URL: alertmanagerUrls,
  PAGERDUTY_ROUTING_KEY: secret('the key of an integration').optional(),
  PAGERDUTY_URL: httpUrl.default('https://events.pagerduty.com'),
  SLACK_WEBHOOK_URL: httpUrl.optional(),
  SHUTDOWN_DELAY_MS: wholeNumber(0, 120_000, 0),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'trace, debug, info, warn, error, fatal or silent',
    })
    .default('info'),
});

export type Environment = z.infer<typeof ENVIRONMENT_SCHEMA>;
