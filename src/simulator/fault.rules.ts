import { FAULT_NUMBERS } from './fault-numbers.js';
import type { Fault, FaultRule, Resource } from './faults.js';
import { bareNumber, isWhatsApp, type Channel } from './phone.address.js';

/** Applies to every recipient. */
const EVERYONE = '*';

/** Fault numbers are counted per Idempotency-Key; at this many counters, all are reset. */
const MAX_COUNTERS = 50_000;

/** What rules are matched against. */
export interface FaultedRequest {
  readonly resource: Resource;
  /** Null if the request does not say, such as a list without a recipient. */
  readonly channel: Channel | null;
  readonly to: string | null;
  readonly from: string | null;
  readonly idempotencyKey: string | null;
}

interface StandingRule extends FaultRule {
  left: number;
}

/**
 * Determines the fault that a request meets: first the rules for its recipient, then those for everyone, each list in
 * its order, then the fault numbers.
 */
export class FaultRules {
  readonly #rules = new Map<string, StandingRule[]>();
  readonly #numberCounts = new Map<string, number>();

  /** Replaces the rules for a recipient. A `whatsapp:` prefix limits them to that channel. */
  put(target: string, rules: readonly FaultRule[]): void {
    const channel = isWhatsApp(target) ? ({ channel: 'whatsapp' } as const) : {};
    const standing = rules.map((rule) => ({
      ...rule,
      match: { ...rule.match, ...channel },
      left: rule.times ?? Infinity,
    }));
    this.#rules.set(bareNumber(target), standing);
  }

  clear(target?: string): void {
    if (target !== undefined) {
      this.#rules.delete(bareNumber(target));
      return;
    }
    this.#rules.clear();
    this.#numberCounts.clear();
  }

  list(): Record<string, readonly FaultRule[]> {
    const shown = ({ left, ...rule }: StandingRule): FaultRule => (left === Infinity ? rule : { ...rule, times: left });
    return Object.fromEntries([...this.#rules].map(([target, rules]) => [target, rules.map(shown)]));
  }

  /** @returns the fault that this request meets, counted as used once; null if there is none */
  take(request: FaultedRequest): Fault | null {
    const number = request.to === null ? null : bareNumber(request.to);
    if (this.#rules.size > 0) {
      const rule =
        (number === null ? null : this.#takeFirst(number, (rule) => applies(rule, request))) ??
        this.#takeFirst(EVERYONE, (rule) => applies(rule, request));
      if (rule !== null) return rule.fault;
    }
    return number === null ? null : this.#takeNumber(number, request);
  }

  /**
   * Whether to reset the connection before reading the request. Only rules that need not know its content can apply.
   */
  takesUnread(resource: Resource): boolean {
    const unread = (rule: FaultRule): boolean =>
      rule.fault.kind === 'reset' &&
      rule.fault.when === 'before_reading' &&
      rule.match?.channel === undefined &&
      rule.match?.from === undefined &&
      matchesResource(rule, resource);
    return this.#rules.size > 0 && this.#takeFirst(EVERYONE, unread, 'only_the_head') !== null;
  }

  #takeFirst(
    target: string,
    applies: (rule: StandingRule) => boolean,
    where: 'anywhere' | 'only_the_head' = 'anywhere',
  ): StandingRule | null {
    const rules = this.#rules.get(target);
    if (rules === undefined) return null;
    const index = rules.findIndex(applies);
    const rule = rules[index];
    if (rule === undefined || (where === 'only_the_head' && index > 0)) return null;
    rule.left -= 1;
    if (rule.left <= 0) rules.splice(index, 1);
    if (rules.length === 0) this.#rules.delete(target);
    return rule;
  }

  #takeNumber(number: string, request: FaultedRequest): Fault | null {
    const rule = FAULT_NUMBERS.get(number);
    if (rule === undefined || !applies(rule, request)) return null;
    if (rule.times === undefined) return rule.fault;
    const counter = `${number} ${request.idempotencyKey ?? ''}`;
    const met = this.#numberCounts.get(counter) ?? 0;
    if (met >= rule.times) return null;
    if (this.#numberCounts.size >= MAX_COUNTERS) this.#numberCounts.clear();
    this.#numberCounts.set(counter, met + 1);
    return rule.fault;
  }
}

function applies(rule: FaultRule, request: FaultedRequest): boolean {
  const { channel, from } = rule.match ?? {};
  if (!matchesResource(rule, request.resource)) return false;
  if (channel !== undefined && channel !== request.channel) return false;
  return from === undefined || (request.from !== null && bareNumber(from) === bareNumber(request.from));
}

function matchesResource(rule: FaultRule, resource: Resource): boolean {
  const creates = resource === 'messages' || resource === 'calls';
  const afterwards = rule.fault.kind === 'callback' || rule.fault.kind === 'callbacks';
  if (afterwards && !creates) return false;
  const wanted = rule.match?.resource;
  if (wanted === undefined) return creates;
  return Array.isArray(wanted) ? wanted.includes(resource) : wanted === resource;
}
