import { v5 as uuidv5 } from 'uuid';
import { CHANNELS, type Channel } from '../policy/vocabulary.js';

/** Any namespace of our own. */
const NAMESPACE = '0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10';
/** The first 48 bits of a UUIDv7 are a time; these ids have none of their own, so all have 2026-01-01T00:00:00Z. */
const TIME = '019b76da-a800';

/** What a circuit switches: an account, one resource of the provider, or one sender. */
export type CircuitScope = `account:${string}` | `resource:${Channel}` | `sender:${string}`;

/** With the name of the resource it is the scope, in SQL too. */
export const RESOURCE_PREFIX = 'resource:';

export const accountScope = (accountSid: string): CircuitScope => `account:${accountSid}`;
export const resourceScope = (channel: Channel): CircuitScope => `${RESOURCE_PREFIX}${channel}`;

/**
 * A number sends by SMS, by WhatsApp and by phone under different rules, and Twilio keeps a queue for each, so the
 * channel is part of the scope.
 */
export function senderScope(channel: Channel, sender: string): CircuitScope {
  return channel === 'sms' ? `sender:${sender}` : `sender:${channel}:${sender}`;
}

const WIDTH = { account: 2, resource: 1, sender: 0 } as const;

/** Of two scopes of one send: its account is wider than its resource, and that is wider than its sender. */
export function isWider(scope: CircuitScope, than: CircuitScope): boolean {
  return WIDTH[kindOf(scope)] > WIDTH[kindOf(than)];
}

/** Whether what `scope` sends passes the circuit of `wider`, too. @param account that everything is sent with */
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

/** Of a sender's scope. */
function channelOf(scope: CircuitScope): Channel {
  return CHANNELS.find((channel) => scope.startsWith(`sender:${channel}:`)) ?? 'sms';
}

/** The id of a scope's circuit: the same on every replica, without asking the database. */
export function circuitId(scope: CircuitScope): string {
  return derivedId(scope);
}

/** What rows point to that wait for the pace of a sender; `sender` as SENDER_RATES names it. */
export function paceId(sender: string): string {
  return derivedId(`pace:${sender}`);
}

/** A UUIDv7 whose random bits are a hash of the name (those of its UUIDv5): whoever knows the name knows the id. */
function derivedId(name: string): string {
  const hashed = uuidv5(name, NAMESPACE);
  return `${TIME}-7${hashed.slice(15)}`;
}
