import { maskNumber } from '../logging/logger.js';
import { ruleInWords } from '../policy/rule.words.js';
import type { AlertCause } from './alert.port.js';
import type { Circuit, CircuitEvent, Refusal } from './circuit.policy.js';
import { isLasting } from './circuit.policy.js';
import { kindOf, nameIn, type CircuitScope } from './circuit.scope.js';
import type { EventKind } from './event.kinds.js';

/** How one event changed a circuit. */
export interface CircuitChange {
  readonly id: string;
  readonly scope: CircuitScope;
  readonly before: Circuit;
  readonly after: Circuit;
  readonly event: CircuitEvent;
  /** Held rows released since it opened. */
  readonly released: number;
  readonly at: Date;
}

/** Why a circuit opens. @param rule which row of which table classified the failure */
export function reasonOf(cause: Refusal['cause'], rule: string): string {
  return REASONS[cause](rule);
}

const REASONS: Readonly<Record<Refusal['cause'], (rule: string) => string>> = {
  authentication: (rule) => `${rule}: the provider refuses the credentials`,
  quota: (rule) => `${rule}: the account's quota is used up`,
  rate_limit: (rule) => `${rule}: the provider limits how much it sends`,
  sender_unavailable: (rule) => `${rule}: the provider does not let it send`,
  incident: (rule) => `provider fault: ${ruleInWords(rule)}`,
};

/** The alert that a circuit calls for. An incident alerts as a whole; a circuit opened by an operator alerts nobody. */
export function alertOf(circuit: Circuit): AlertCause | null {
  if (circuit.state === 'closed' || circuit.cause === 'operator' || circuit.cause === 'incident') return null;
  return circuit.cause === 'rate_limit' && !isLasting(circuit) ? null : circuit.cause;
}

/** Why a circuit's alert is resolved, which need not mean that it sends again. */
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

/** Masks numbers only, recognised by their plus. Names, short codes and Messaging Services are mere configuration. */
export function maskSender(sender: string): string {
  return sender.includes('+') ? maskNumber(sender) : sender;
}

/** {@link maskScope} for sentences that clients read: masks the account as well. */
export function scopeForClients(scope: CircuitScope): string {
  return kindOf(scope) === 'account' ? `account:${maskNumber(nameIn(scope))}` : maskScope(scope);
}

/** The timeline entry for a change; null if nothing worth reporting happened. */
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
