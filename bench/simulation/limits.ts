import type { Channel } from '../../src/policy/vocabulary.js';

/**
 * What providers allow, each with where it is written. "Old page", "copy": read in somebody's copy of a page that the
 * provider has moved or changed since. Ask the provider before you rely on any of it: accounts differ.
 */
export const LIMITS = {
  tollFree: { perSecond: 3, of: 'segments', source: 'https://support.twilio.com/hc/en-us/articles/115002943027' },
  shortCode: { perSecond: 100, of: 'segments', source: 'https://support.twilio.com/hc/en-us/articles/115002943027' },
  /** Of any number or name towards countries other than the US and Canada. Old page. */
  international: { perSecond: 10, of: 'segments', source: 'https://anttone.paidot.net/help/voice/a9.htm' },
  /** Segments a second of one 10DLC campaign to all large US networks together, by the brand's trust score. Copy. */
  tenDlc: {
    perSecond: { high: 225, mid: 120, low: 12, lowVolume: 3.75 },
    of: 'segments',
    source: 'https://help.justcall.io/en/articles/8601354-messaging-throughput-for-us-based-carriers',
  },
  /** Segments a day of one brand towards T-Mobile, by the brand's trust score; the tiers between from a copy. */
  tMobile: {
    perDay: { high: 200_000, mid: 40_000, low: 10_000, lowVolume: 2000 },
    source: 'https://support.twilio.com/hc/en-us/articles/1260804800549',
    tiers: 'https://www.clickatell.com/faqs/answer/11-what-are-the-messaging-throughput-limits-for-10dlc-campaigns/',
  },
  whatsapp: { perSecond: 80, of: 'messages', source: 'https://www.twilio.com/docs/whatsapp/best-practices-and-faqs' },
  /** People whom one business may write to first in 24 hours; beyond it error 63018. */
  whatsappTiers: {
    perDay: { second: 10_000, third: 100_000, last: null },
    source: 'https://support.twilio.com/hc/en-us/articles/360024008153',
  },
  /** Of an account; each subaccount has its own. */
  calls: { perSecond: 1, of: 'calls', source: 'https://www.twilio.com/docs/glossary/cps' },
  /** Of an account and its subaccounts together; beyond it error 63017. */
  account: { perSecond: 2000, of: 'segments', source: 'https://www.twilio.com/docs/api/errors/63017' },
} as const;

export interface SenderKind {
  readonly name: string;
  readonly channel: Channel;
  /** Segments, messages or calls a second of one sender. */
  readonly perSecond: number;
  /** Notifications a day of one sender; null where nothing but its rate limits it. */
  readonly perDay: number | null;
}

/** Segments that an SMS has on average: most fit one, some languages and links do not. */
export const SEGMENTS_PER_SMS = 1.25;
/** Of the recipients of a US number: T-Mobile's limit counts those only. */
export const T_MOBILE_SHARE = 0.35;

/** One brand for each 10DLC sender; pessimistic, as beyond the limit only T-Mobile would have to wait. */
const brandPerDay = (segments: number): number => Math.floor(segments / T_MOBILE_SHARE / SEGMENTS_PER_SMS);

const { tenDlc, tMobile, whatsapp, whatsappTiers } = LIMITS;

/** A sender is what SENDER_RATES names: a number, or the Messaging Service of a campaign. */
export const KINDS = {
  shortCode: { name: 'short code', channel: 'sms', perSecond: LIMITS.shortCode.perSecond, perDay: null },
  tollFree: { name: 'toll-free', channel: 'sms', perSecond: LIMITS.tollFree.perSecond, perDay: null },
  dlcHigh: {
    name: '10DLC, trust 75–100',
    channel: 'sms',
    perSecond: tenDlc.perSecond.high,
    perDay: brandPerDay(tMobile.perDay.high),
  },
  dlcMid: {
    name: '10DLC, trust 50–74',
    channel: 'sms',
    perSecond: tenDlc.perSecond.mid,
    perDay: brandPerDay(tMobile.perDay.mid),
  },
  dlcLow: {
    name: '10DLC, trust 25–49',
    channel: 'sms',
    perSecond: tenDlc.perSecond.low,
    perDay: brandPerDay(tMobile.perDay.low),
  },
  dlcLowVolume: {
    name: '10DLC, low volume',
    channel: 'sms',
    perSecond: tenDlc.perSecond.lowVolume,
    perDay: brandPerDay(tMobile.perDay.lowVolume),
  },
  international: { name: 'outside the US', channel: 'sms', perSecond: LIMITS.international.perSecond, perDay: null },
  whatsappSecond: {
    name: 'WhatsApp, 10,000 a day',
    channel: 'whatsapp',
    perSecond: whatsapp.perSecond,
    perDay: whatsappTiers.perDay.second,
  },
  whatsappThird: {
    name: 'WhatsApp, 100,000 a day',
    channel: 'whatsapp',
    perSecond: whatsapp.perSecond,
    perDay: whatsappTiers.perDay.third,
  },
  whatsappLast: {
    name: 'WhatsApp, unlimited',
    channel: 'whatsapp',
    perSecond: whatsapp.perSecond,
    perDay: whatsappTiers.perDay.last,
  },
  voice: { name: 'voice', channel: 'voice', perSecond: LIMITS.calls.perSecond, perDay: null },
} as const satisfies Record<string, SenderKind>;

export type KindName = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[];

/** What a notification on this channel counts against the limits. */
export function unitsOf(channel: Channel): number {
  return channel === 'sms' ? SEGMENTS_PER_SMS : 1;
}
