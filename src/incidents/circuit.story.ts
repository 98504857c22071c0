import { maskNumber } from '../logging/logger.js';
import type { AlertCause } from './alert.port.js';
import type { Circuit, CircuitEvent } from './circuit.policy.js';
import { isLasting } from './circuit.policy.js';
import { kindOf, nameIn, type CircuitScope } from './circuit.scope.js';
import type { EventKind } from './event.kinds.js';

/** What a circuit went through, by one event. */
export interface CircuitChange {
  readonly id: string;
  readonly scope: CircuitScope;
  readonly before: Circuit;
  readonly after: Circuit;
  readonly event: CircuitEvent;
  /** Held rows that were let out since it opened. */
  readonly released: number;
  readonly at: Date;
}

/** The alert a circuit gives reason for. An incident alerts as a whole; what an operator opens alerts nobody. */
export function alertOf(circuit: Circuit): AlertCause | null {
  if (circuit.state === 'closed' || circuit.cause === 'operator' || circuit.cause === 'incident') return null;
  return circuit.cause === 'rate_limit' && !isLasting(circuit) ? null : circuit.cause;
}

/** Why the alert that a circuit gave reason for is over: that need not mean that it sends again. */
export function endingOf({ scope, after, event }: CircuitChange): string {
  const name = maskScope(scope);
  if (after.state !== 'open') {
    if (event.kind === 'operator_closes') return `An operator closed the circuit of ${name}: it may send again.`;
    if (event.kind === 'waited_out') return `Nothing waits for ${name}, and its wait is over: the next send will tell.`;
    return `${name} sends again.`;
  }
  if (after.cause === 'operator') return `${name} still does not send: an operator holds it now.`;
  return alertOf(after) === null
    ? `${name} waits for short times only now.`
    : `${name} still does not send, for another reason now: ${after.reason}.`;
}

/** "account:AC…", "sender:+150•••0006": for logs and alerts. */
export function maskScope(scope: CircuitScope): string {
  return kindOf(scope) === 'sender' ? `sender:${maskSender(nameIn(scope))}` : scope;
}

/** Only a number is masked: it alone has a plus. Names, short codes and Messaging Services are mere configuration. */
export function maskSender(sender: string): string {
  return sender.includes('+') ? maskNumber(sender) : sender;
}

/** The same for sentences that clients read: they need not know the account. */
export function scopeForClients(scope: CircuitScope): string {
  return kindOf(scope) === 'account' ? `account:${maskNumber(nameIn(scope))}` : maskScope(scope);
}

/** What the timeline of its incident says of a change; null when nothing worth telling happened. */
export function tellChange(change: CircuitChange): { kind: EventKind; sentence: string } | null {
  const { before, after, event, released } = change;
  const what = nameIn(change.scope);
  const letOut = `${released} held notification${released === 1 ? ' was' : 's were'} let out`;
  if (after.state === 'half_open') {
    return { kind: 'half_open', sentence: `${what}: the probe was accepted. What is held goes out in growing steps.` };
  }
  if (after.state === 'closed') {
    const why = ENDINGS[event.kind];
    const ending = event.kind === 'drained' ? `; ${letOut}` : '';
    return why ? { kind: 'circuit_closed', sentence: `${what}: ${why}${ending}.` } : null;
  }
  if (event.kind === 'operator_opens') {
    return { kind: 'overruled', sentence: `${what}: an operator opened its circuit, which is theirs to close now.` };
  }
  if (event.kind !== 'refused') return null;
  if (before.state === 'half_open') {
    const sentence = `${what}: it failed again (${event.reason}); stopped again after ${letOut}.`;
    return { kind: 'reopened', sentence };
  }
  return before.state === 'open'
    ? { kind: 'probe_failed', sentence: `${what}: the probe failed (${event.reason}).` }
    : null;
}

const ENDINGS: Partial<Record<CircuitEvent['kind'], string>> = {
  drained: 'recovered',
  others_recovered: 'nothing waits on it, and the other resources have recovered',
  operator_closes: 'an operator closed its circuit; what it holds goes out in growing steps',
};
