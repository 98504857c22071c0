import { parseArgs } from 'node:util';

/** Which status changes trigger a callback: all, only those that end a message or a call, or none. */
const CALLBACK_CHOICES = ['all', 'final', 'none'] as const;
type CallbackChoice = (typeof CALLBACK_CHOICES)[number];

/** How the simulator behaves. Every option has a default; the credentials are fixed test values, not secrets. */
export interface SimulatorOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly accountSid: string;
  /** Authenticates requests and signs callbacks. */
  readonly authToken: string;
  readonly apiKeySid: string;
  readonly apiKeySecret: string;
  /** Milliseconds between one status and the next. */
  readonly stepMs: number;
  /** Milliseconds before a failed callback is tried again. */
  readonly callbackRetryMs: number;
  readonly callbacks: CallbackChoice;
  /** WhatsApp messages go on from `delivered` to `read`. */
  readonly readReceipts: boolean;
  /** Only Twilio's test sender and the WhatsApp sandbox may send; otherwise every sender is owned. */
  readonly strictSenders: boolean;
  /** How many of the newest messages, and of the newest calls, are remembered. */
  readonly keepMessages: number;
  /** How many of the newest requests are remembered. */
  readonly keepRequests: number;
}

export const DEFAULT_OPTIONS: SimulatorOptions = {
  host: '127.0.0.1',
  port: 0,
  accountSid: 'AC0123456789abcdef0123456789abcdef',
  authToken: 'fedcba9876543210fedcba9876543210',
  apiKeySid: 'SK0123456789abcdef0123456789abcdef',
  apiKeySecret: 'simulatorapikeysecret00000000000',
  stepMs: 150,
  callbackRetryMs: 200,
  callbacks: 'all',
  readReceipts: false,
  strictSenders: false,
  keepMessages: 200_000,
  keepRequests: 20_000,
};

/** The names of the options with such a value. */
type OptionOf<Value> = {
  [Option in keyof SimulatorOptions]: SimulatorOptions[Option] extends Value ? Option : never;
}[keyof SimulatorOptions];

/** An invalid option. Names the option and what it expects, never the given value. */
export class InvalidSimulatorOptionError extends Error {
  override readonly name = 'InvalidSimulatorOptionError';
  constructor(option: string, expected: string) {
    super(`${option} must be ${expected}`);
  }
}

/**
 * Reads options from the command line (`--port 4010`) and the environment (`PORT=4010`); the command line wins.
 * @throws InvalidSimulatorOptionError
 */
export function readOptions(args: readonly string[], environment: NodeJS.ProcessEnv): SimulatorOptions {
  const given = parseFlags(args);
  const text = (option: keyof SimulatorOptions): string | undefined =>
    given[kebab(option)] ?? nonEmpty(environment[constant(option)]);
  const textOrDefault = (option: OptionOf<string>): string => text(option) ?? DEFAULT_OPTIONS[option];
  const wholeNumber = (option: OptionOf<number>, highest: number): number => {
    const value = text(option);
    if (value === undefined) return DEFAULT_OPTIONS[option];
    if (/^\d+$/.test(value) && Number(value) <= highest) return Number(value);
    throw new InvalidSimulatorOptionError(constant(option), `a whole number from 0 to ${highest}`);
  };
  const choice = <T extends string>(option: keyof SimulatorOptions, fallback: T, choices: readonly T[]): T => {
    const value = text(option);
    if (value === undefined) return fallback;
    const chosen = choices.find((candidate) => candidate === value);
    if (chosen !== undefined) return chosen;
    throw new InvalidSimulatorOptionError(constant(option), `one of ${choices.join(', ')}`);
  };
  const yesOrNo = (option: OptionOf<boolean>): boolean =>
    choice(option, String(DEFAULT_OPTIONS[option]), ['true', 'false']) === 'true';

  return {
    host: textOrDefault('host'),
    port: wholeNumber('port', 65_535),
    accountSid: textOrDefault('accountSid'),
    authToken: textOrDefault('authToken'),
    apiKeySid: textOrDefault('apiKeySid'),
    apiKeySecret: textOrDefault('apiKeySecret'),
    stepMs: wholeNumber('stepMs', 3_600_000),
    callbackRetryMs: wholeNumber('callbackRetryMs', 15_000),
    callbacks: choice('callbacks', DEFAULT_OPTIONS.callbacks, CALLBACK_CHOICES),
    readReceipts: yesOrNo('readReceipts'),
    strictSenders: yesOrNo('strictSenders'),
    keepMessages: wholeNumber('keepMessages', 10_000_000),
    keepRequests: wholeNumber('keepRequests', 1_000_000),
  };
}

function parseFlags(args: readonly string[]): Record<string, string | undefined> {
  const flags = Object.keys(DEFAULT_OPTIONS).map((option) => [kebab(option), { type: 'string' }] as const);
  try {
    return parseArgs({ args: [...args], options: Object.fromEntries(flags) }).values;
  } catch {
    throw new InvalidSimulatorOptionError('each argument', `one of ${flags.map(([flag]) => `--${flag}`).join(', ')}`);
  }
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function kebab(option: string): string {
  return option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function constant(option: string): string {
  return option.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
