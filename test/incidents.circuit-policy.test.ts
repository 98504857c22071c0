import { describe, expect, it } from 'vitest';
import { standsInTheWay } from '../src/incidents/circuit.passage.js';
import {
  nextCircuit,
  isLasting,
  type Circuit,
  type CircuitEvent,
  type Refusal,
} from '../src/incidents/circuit.policy.js';
import { evidenceOf, probeVerdict } from '../src/incidents/evidence.policy.js';
import { ERROR_CLASSES } from '../src/policy/vocabulary.js';

const NOON = Date.parse('2026-12-01T12:00:00Z');
const at = (seconds: number) => new Date(NOON + seconds * 1000);
const CLOSED: Circuit = { state: 'closed', changedAt: at(-60), recoveredFrom: null };

function refused(cause: Refusal['cause'], more: Partial<Refusal> = {}): Refusal {
  return {
    kind: 'refused',
    cause,
    reason: 'it said so',
    providerCode: null,
    at: at(0),
    probe: false,
    retryAfterMs: null,
    credentials: cause === 'authentication' ? 'old' : null,
    incidentId: null,
    ...more,
  };
}

function after(circuit: Circuit, ...events: readonly [CircuitEvent, number][]): Circuit {
  return events.reduce((is, [event, second]) => nextCircuit(is, event, at(second), 15_000), circuit);
}

const nextProbe = (circuit: Circuit) => (circuit.state === 'open' ? circuit.nextProbeAt : undefined);

describe('a circuit that opens', () => {
  it.each([
    ['incident', null, at(15)],
    ['incident', 60_000, at(15)],
    ['rate_limit', null, at(1)],
    ['rate_limit', 30_000, at(30)],
    ['quota', null, at(86_400)],
    ['quota', 3_600_000, at(3600)],
    ['authentication', null, null],
    ['sender_unavailable', null, null],
  ] as const)('by %s with Retry-After %s may be probed at %s', (cause, retryAfterMs, expected) => {
    const open = after(CLOSED, [refused(cause, { retryAfterMs }), 0]);
    expect(open).toMatchObject({ state: 'open', cause, openedAt: at(0), changedAt: at(0) });
    expect(nextProbe(open)).toEqual(expected);
  });

  it('waits 1, 2, 4 … 60 s for a rate limit that keeps coming back, and lasts from then on', () => {
    let circuit = after(CLOSED, [refused('rate_limit'), 0]);
    const waits: number[] = [];
    const lasting: boolean[] = [];
    for (let second = 0; waits.length < 8; second += 100) {
      waits.push((nextProbe(circuit)?.getTime() ?? 0) - at(second).getTime());
      lasting.push(isLasting(circuit));
      circuit = after(circuit, [refused('rate_limit', { probe: true, at: at(second + 100) }), second + 100]);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(lasting.indexOf(true)).toBe(6);
  });

  it('asks for a quota that is still used up at growing distances, however short its Retry-After is', () => {
    let circuit = after(CLOSED, [refused('quota', { retryAfterMs: 1000 }), 0]);
    const waits: number[] = [];
    for (let second = 0; waits.length < 8; second += 100) {
      waits.push((nextProbe(circuit)?.getTime() ?? 0) - at(second).getTime());
      const stillUsedUp = refused('quota', { retryAfterMs: 1000, probe: true, at: at(second + 100) });
      circuit = after(circuit, [stillUsedUp, second + 100]);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('lasts as long as the provider says, whatever was before', () => {
    expect(isLasting(after(CLOSED, [refused('rate_limit', { retryAfterMs: 3_600_000 }), 0]))).toBe(true);
    let circuit = after(CLOSED, [refused('rate_limit', { retryAfterMs: 1000 }), 0]);
    for (let second = 1; second < 20; second += 1) {
      circuit = after(circuit, [refused('rate_limit', { retryAfterMs: 1000, probe: true, at: at(second) }), second]);
    }
    expect(isLasting(circuit)).toBe(false);
  });

  it('closes by itself when the wait that was asked for is over and nothing waits; an incident does not', () => {
    const open = after(CLOSED, [refused('rate_limit', { retryAfterMs: 5000 }), 0]);
    expect(after(open, [{ kind: 'waited_out' }, 4])).toBe(open);
    expect(after(open, [{ kind: 'waited_out' }, 5])).toMatchObject({ state: 'closed', changedAt: at(5) });
    const incident = after(CLOSED, [refused('incident'), 0]);
    expect(after(incident, [{ kind: 'waited_out' }, 100])).toBe(incident);
    const unauthorised = after(CLOSED, [refused('authentication'), 0]);
    expect(after(unauthorised, [{ kind: 'waited_out' }, 100])).toBe(unauthorised);
    const corrected = after(unauthorised, [{ kind: 'credentials_changed', credentials: 'new' }, 100]);
    expect(after(corrected, [{ kind: 'waited_out' }, 100]).state).toBe('closed');
  });

  it('counts no more failed probes than its column holds, however many weeks it is open', () => {
    let circuit = after(CLOSED, [refused('incident'), 0]);
    for (let second = 1; second < 40_000; second += 1) {
      circuit = after(circuit, [refused('incident', { probe: true, at: at(second) }), second]);
    }
    expect(circuit).toMatchObject({ state: 'open', backoff: expect.toSatisfy((count: number) => count < 2 ** 15) });
  });

  it('gives way to a stronger cause and ignores a weaker one', () => {
    const quota = after(CLOSED, [refused('quota'), 0]);
    expect(after(quota, [refused('authentication'), 1])).toMatchObject({ cause: 'authentication', openedAt: at(0) });
    const since = after(quota, [refused('authentication'), 2]);
    expect(after(since, [{ kind: 'probe_passed', at: at(1) }, 3])).toBe(since);
    const authentication = after(CLOSED, [refused('authentication'), 0]);
    expect(after(authentication, [refused('quota'), 1])).toBe(authentication);
    // Nor do sends that were on their way put the probe off.
    expect(after(quota, [refused('quota'), 1])).toBe(quota);
    expect(after(authentication, [{ kind: 'operator_opens', reason: 'no' }, 1])).toMatchObject({ cause: 'operator' });
  });

  it('ignores what an attempt says that began before it was closed', () => {
    const closed = after(CLOSED, [refused('authentication'), 0], [{ kind: 'operator_closes' }, 10]);
    expect(after(closed, [refused('authentication', { at: at(9) }), 11])).toBe(closed);
    expect(after(closed, [refused('authentication', { at: at(10) }), 11]).state).toBe('open');
  });
});

describe('a probe', () => {
  const open = after(CLOSED, [refused('incident', { incidentId: 'i' }), 0]);

  it('half-opens the circuit when it passes, and reopens nothing when it fails', () => {
    expect(after(open, [{ kind: 'probe_passed', at: at(15) }, 16])).toMatchObject({
      state: 'half_open',
      openedAt: at(0),
    });
    const failed = after(open, [refused('incident', { probe: true, at: at(15) }), 16]);
    expect(failed).toMatchObject({ state: 'open', openedAt: at(0), changedAt: at(0), incidentId: 'i' });
    expect(nextProbe(failed)).toEqual(at(31));
  });

  it('is not needed where the other circuits of the same incident have recovered', () => {
    const recovered = (incidentId: string) => after(open, [{ kind: 'others_recovered', incidentId }, 16]);
    expect(recovered('i')).toEqual({ state: 'closed', changedAt: at(16), recoveredFrom: null });
    expect(recovered('another')).toBe(open);
    const held = after(open, [{ kind: 'operator_opens', reason: 'no' }, 16]);
    expect(after(held, [{ kind: 'others_recovered', incidentId: 'i' }, 17])).toBe(held);
  });

  it('says nothing of a circuit that an operator opened meanwhile', () => {
    const held = after(open, [{ kind: 'operator_opens', reason: 'no' }, 16]);
    expect(after(held, [{ kind: 'probe_passed', at: at(15) }, 17])).toBe(held);
  });

  it('can be none of a circuit that an operator opened, which belongs to its incident still', () => {
    const held = after(open, [{ kind: 'operator_opens', reason: 'no' }, 16]);
    expect(held).toMatchObject({ openedAt: at(0), nextProbeAt: null, incidentId: 'i' });
    expect(after(CLOSED, [{ kind: 'operator_opens', reason: 'no' }, 16])).toMatchObject({ incidentId: null });
  });

  it('is the only work that passes, and only the circuit it probes and narrower ones that probe themselves', () => {
    const passes = (probe: boolean, releasedBy: string | null, comesFromWider = false, circuit = open) =>
      !standsInTheWay(circuit, 'this', { probe, releasedBy, comesFromWider }, 'c');
    expect(passes(true, 'this')).toBe(true);
    expect(passes(true, 'other')).toBe(false);
    expect(passes(true, 'wider', true)).toBe(true);
    expect(passes(false, 'wider', true)).toBe(false);
    expect(passes(false, 'this')).toBe(false);
    expect(passes(false, null)).toBe(false);
    const locked = after(CLOSED, [refused('sender_unavailable'), 0]);
    expect(passes(true, 'wider', true, locked)).toBe(false);
    const operators = after(open, [{ kind: 'operator_opens', reason: 'no' }, 1]);
    expect(passes(true, 'wider', true, operators)).toBe(false);
    expect(passes(true, 'this', false, operators)).toBe(false);
  });

  it('is not made with the credentials that were refused', () => {
    const refusedHere = after(CLOSED, [refused('authentication'), 0]);
    const probe = { probe: true, releasedBy: 'this', comesFromWider: false };
    expect(standsInTheWay(refusedHere, 'this', probe, 'old')).toBe(true);
    expect(standsInTheWay(refusedHere, 'this', probe, 'new')).toBe(false);
  });

  it.each([
    ['incident', null, 'passed'],
    ['incident', 'provider_fault', 'failed'],
    ['incident', 'invalid_request', 'inconclusive'],
    ['authentication', 'authentication', 'failed'],
    ['authentication', 'recipient_unreachable', 'passed'],
    ['authentication', 'provider_fault', 'inconclusive'],
    ['authentication', 'quota_exhausted', 'inconclusive'],
    ['rate_limit', 'quota_exhausted', 'inconclusive'],
    ['rate_limit', 'authentication', 'inconclusive'],
    ['quota', 'quota_exhausted', 'failed'],
    ['rate_limit', 'rate_limited', 'failed'],
    ['rate_limit', 'content_rejected', 'passed'],
  ] as const)('of %s that ends in %s is %s', (cause, errorClass, verdict) => {
    expect(probeVerdict(cause, errorClass && { errorClass, scope: 'sender' })).toBe(verdict);
  });

  it('of a rate limit passes where only its own recipient is limited', () => {
    expect(probeVerdict('rate_limit', { errorClass: 'rate_limited', scope: 'recipient' })).toBe('passed');
    expect(probeVerdict('rate_limit', { errorClass: 'rate_limited', scope: 'account' })).toBe('failed');
  });
});

describe('a half-open circuit', () => {
  const half = after(CLOSED, [refused('incident', { incidentId: 'i' }), 0], [{ kind: 'probe_passed', at: at(15) }, 16]);

  it('lets out what some circuit or pace released, and holds what is new', () => {
    const waits = (releasedBy: string | null) =>
      standsInTheWay(half, 'this', { probe: false, releasedBy, comesFromWider: false }, 'c');
    expect(waits('this')).toBe(false);
    expect(waits('a pace')).toBe(false);
    expect(waits(null)).toBe(true);
  });

  it('opens again at a fault of an attempt that began since, and belongs to its incident still', () => {
    expect(after(half, [refused('incident', { at: at(15) }), 17])).toBe(half);
    const open = after(half, [refused('incident', { at: at(16) }), 17]);
    expect(open).toMatchObject({ state: 'open', openedAt: at(0), changedAt: at(17), incidentId: 'i' });
  });

  it('closes when nothing is held any more, which proves its incident over; an operator who closes it proves nothing', () => {
    expect(after(half, [{ kind: 'drained' }, 20])).toEqual({ state: 'closed', changedAt: at(20), recoveredFrom: 'i' });
    expect(after(half, [{ kind: 'operator_closes' }, 20])).toMatchObject({ state: 'closed', recoveredFrom: null });
    expect(after(CLOSED, [{ kind: 'drained' }, 20])).toBe(CLOSED);
  });
});

describe('new credentials', () => {
  const open = after(CLOSED, [refused('authentication'), 0]);

  it('earn a probe at once, and after a failure one no more often than an incident', () => {
    expect(after(open, [{ kind: 'credentials_changed', credentials: 'old' }, 5])).toBe(open);
    const retried = after(open, [{ kind: 'credentials_changed', credentials: 'new' }, 5]);
    expect(nextProbe(retried)).toEqual(at(5));
    // Every replica says so, some of them later.
    expect(after(retried, [{ kind: 'credentials_changed', credentials: 'new' }, 6])).toBe(retried);
    const failed = after(retried, [refused('authentication', { probe: true, at: at(5), credentials: 'new' }), 6]);
    expect(nextProbe(failed)).toBeNull();
    expect(nextProbe(after(failed, [{ kind: 'credentials_changed', credentials: 'newer' }, 7]))).toEqual(at(22));
  });

  it('change nothing for a circuit that is open for another reason', () => {
    const held = after(CLOSED, [{ kind: 'operator_opens', reason: 'no' }, 0]);
    expect(after(held, [{ kind: 'credentials_changed', credentials: 'new' }, 5])).toBe(held);
  });
});

it('takes from every class of failure what it says of more than its own message', () => {
  const said = Object.fromEntries(
    ERROR_CLASSES.map((errorClass) => [errorClass, evidenceOf({ errorClass, scope: 'sender' })?.cause ?? null]),
  );
  expect(said).toEqual({
    invalid_request: null,
    authentication: 'authentication',
    permission: null,
    not_found: null,
    rate_limited: 'rate_limit',
    quota_exhausted: 'quota',
    provider_fault: 'incident',
    recipient_unreachable: null,
    channel_unavailable: 'sender_unavailable',
    content_rejected: null,
    opted_out: null,
  });
  expect(evidenceOf({ errorClass: 'channel_unavailable', scope: 'recipient' })).toBeNull();
  expect(evidenceOf({ errorClass: 'rate_limited', scope: 'account' })?.of).toBe('sender');
  expect(evidenceOf({ errorClass: 'rate_limited', scope: 'recipient' })).toBeNull();
  expect(evidenceOf({ errorClass: 'rate_limited', scope: 'message' })).toBeNull();
});
