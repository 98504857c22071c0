import type { Category } from '../../src/policy/vocabulary.js';
import type { KindName } from './limits.js';

/** What is assumed of the load and of the surroundings; nobody's promise. Change it here and run it again. */
export const DAY_SECONDS = 86_400;
export const STEP_SECONDS = 15;

export const LOAD = {
  notificationsADay: 100_000_000,
  /** The busiest hours over the mean; nights are as much below it. */
  peakFactor: 2,
  busiestHour: 14,
  /** How unevenly clients use their senders: the standard deviation of the logarithm of a sender's share. */
  unevenness: 1,
  /** Marketing that is posted all at once, part of the day's notifications. */
  campaign: { notifications: 5_000_000, startsAtHour: 10, withinSeconds: 600 },
} as const;

/** The provider is away, everything is held; a probe finds out a little later that it is back. */
export const INCIDENT = { startsAtHour: 13, seconds: 3600, foundOutAfterSeconds: 15 } as const;

/** Seconds from acceptance to `expiresAt`, as a client would set it; null: it never expires. */
export const EXPIRES_AFTER: Readonly<Record<Category, number | null>> = {
  otp: 600,
  alert: 4 * 3600,
  transactional: null,
  marketing: null,
};

type Mix = readonly [otp: number, alert: number, transactional: number, marketing: number];
const MOSTLY_OTP: Mix = [0.4, 0.1, 0.4, 0.1];
const MOSTLY_TRANSACTIONAL: Mix = [0.1, 0.15, 0.6, 0.15];
const CALLS: Mix = [0.4, 0.6, 0, 0];

interface Fleet {
  readonly senders: number;
  /** Of the day's notifications. */
  readonly share: number;
  /** Of the day's, campaign apart, in the order of the priorities. */
  readonly mix: Mix;
  /** Whether the campaign may use it. */
  readonly campaign: boolean;
}

/** 10,000 senders and what they are for. */
export const FLEET: Readonly<Record<KindName, Fleet>> = {
  shortCode: { senders: 150, share: 0.25, mix: MOSTLY_OTP, campaign: true },
  tollFree: { senders: 2400, share: 0.12, mix: MOSTLY_TRANSACTIONAL, campaign: false },
  dlcHigh: { senders: 250, share: 0.2, mix: MOSTLY_TRANSACTIONAL, campaign: true },
  dlcMid: { senders: 450, share: 0.1, mix: MOSTLY_TRANSACTIONAL, campaign: false },
  dlcLow: { senders: 1500, share: 0.08, mix: MOSTLY_TRANSACTIONAL, campaign: false },
  dlcLowVolume: { senders: 2500, share: 0.03, mix: MOSTLY_TRANSACTIONAL, campaign: false },
  international: { senders: 1500, share: 0.05, mix: MOSTLY_OTP, campaign: false },
  whatsappSecond: { senders: 500, share: 0.02, mix: MOSTLY_TRANSACTIONAL, campaign: false },
  whatsappThird: { senders: 400, share: 0.06, mix: MOSTLY_TRANSACTIONAL, campaign: false },
  whatsappLast: { senders: 100, share: 0.08, mix: MOSTLY_TRANSACTIONAL, campaign: true },
  voice: { senders: 250, share: 0.01, mix: CALLS, campaign: false },
};

/** How the senders hang together at the provider. */
export const ACCOUNTS = {
  /** Accounts with a limit of messages a second of their own; each has a Postrider of its own. */
  accounts: 10,
  /** Subaccounts of each, with a limit of calls a second and of concurrent requests of their own. */
  subaccountsEach: 10,
  /** Not published; every answer tells it in Twilio-Concurrent-Requests. */
  concurrentRequests: 100,
  /** From a request to its answer. */
  latencySeconds: 0.2,
} as const;

/** Of every limit, this much is planned for. */
export const PLANNED_SHARE = 0.8;

/** What one database server is planned to carry. */
export const SERVER = { cores: 16, busyShare: 0.5, walMegabytesASecond: 100, terabytes: 8 } as const;

/** Notifications that leave a failure and a dead letter. */
export const FAILING_SHARE = 0.03;
/** HISTORY_RETENTION_DAYS */
export const KEPT_DAYS = 400;

/** A process of the service: DISPATCH_CONCURRENCY, and of one core what it may use all the time. */
export const PROCESS = { slots: 64, busyShare: 0.7 } as const;
/** Its connections: DATABASE_POOL_MAX, the statements that are planned once, LISTEN (src/database). */
export const CONNECTIONS = { pool: 10, plannedOnce: 6, listen: 1 } as const;
