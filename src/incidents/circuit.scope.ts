import { v5 as uuidv5 } from 'uuid';
import { CHANNELS, type Channel } from '../policy/vocabulary.js';

/** An arbitrary namespace of our own. */
const NAMESPACE = '0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10';
/** The first 48 bits of a UUIDv7 are a timestamp. These ids have none, so all use 2026-01-01T00:00:00Z. */
const TIME = '019b76da-a800';

/** What a circuit controls: an account, one of the provider's resources, or one sender. */
export type CircuitScope = `account:${string}` | `resource:${Channel}` | `sender:${string}`;

/** Followed by the resource's name, it forms the scope; also used in SQL. */
export const RESOURCE_PREFIX = 'resource:';

export const accountScope = (accountSid: string): CircuitScope => `account:${accountSid}`;
export const resourceScope = (channel: Channel): CircuitScope => `${RESOURCE_PREFIX}${channel}`;

/**
 * The channel is part of the scope: a number sends by SMS, WhatsApp and phone under different rules, and Twilio keeps a
 * queue for each.
 */
export function senderScope(channel: Channel, sender: string): CircuitScope {
  return channel === 'sms' ? `sender:${sender}` : `sender:${channel}:${sender}`;
}

const WIDTH = { account: 2, resource: 1, sender: 0 } as const;

/** Compares two scopes of one send: the account is wider than the resource, which is wider than the sender. */
export function isWider(scope: CircuitScope, than: CircuitScope): boolean {
  return WIDTH[kindOf(scope)] > WIDTH[kindOf(than)];
}

/**
 * Whether sends of `scope` also pass through the circuit of `wider`. @param account the account that everything is sent
 * with
 */
export function liesWithin(scope: CircuitScope, wider: CircuitScope, account: CircuitScope): boolean {
  if (!isWider(wider, scope)) return false;
  return wider === account || wider === resourceScope(channelOf(scope));
}

export function kindOf(scope: CircuitScope): keyof typeof WIDTH {
  return scope.startsWith('account:') ? 'account' : scope.startsWith(RESOURCE_PREFIX) ? 'resource' : 'sender';
}

/** "AC…", "sms", "whatsapp:+1…": a scope without its kind. */
export function nameIn(scope: CircuitScope): string {
  return scope.slice(kindOf(scope).length + 1);
}

/** The channel in a sender's scope. */
function channelOf(scope: CircuitScope): Channel {
  return CHANNELS.find((channel) => scope.startsWith(`sender:${channel}:`)) ?? 'sms';
}

/** The id of a scope's circuit: the same on every replica, without asking the database. */
export function circuitId(scope: CircuitScope): string {
  return derivedId(scope);
}

/** The hold id of rows that wait for a sender's pace; `sender` as named in SENDER_RATES. */
export function paceId(sender: string): string {
  return derivedId(`pace:${sender}`);
}

/** A UUIDv7 whose random bits come from the name's UUIDv5, so that the id can be computed from the name. */
function derivedId(name: string): string {
  const hashed = uuidv5(name, NAMESPACE);
  return `${TIME}-7${hashed.slice(15)}`;
}
