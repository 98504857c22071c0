import { describe, expect, it } from 'vitest';
import type { Evidence } from '../src/callbacks/provider-report.js';
import { acceptanceOf, fallbackOf, isAboutAnother, provesAcceptance } from '../src/callbacks/report.decision.js';
import type { DeliveryState, OutboxState, ReportedState } from '../src/callbacks/report.state.js';
import { first, standing } from './callbacks.standing.setup.js';

const IN_FLIGHT: OutboxState = { deliveryId: 'delivery-1', stage: 'send', attemptId: 'attempt-1', leased: true };
const ASKED: OutboxState = { ...IN_FLIGHT, stage: 'reconcile' };
const WAITS: OutboxState = { ...IN_FLIGHT, leased: false };
const WATCHED: OutboxState = { ...WAITS, stage: 'await_delivery', attemptId: null };
const ANOTHERS: OutboxState = { ...IN_FLIGHT, attemptId: 'attempt-2' };

/** Nothing is known of the attempt yet. */
const UNKNOWN = { outcome: 'unknown', knownSid: null } as const;
const SECOND: DeliveryState = { ...first, id: 'delivery-2', channel: 'voice', accepted: false };
const THIRD: DeliveryState = { ...SECOND, id: 'delivery-3' };

const later = (...deliveries: readonly Partial<DeliveryState>[]) => ({
  deliveries: [first, ...deliveries.map((more, index) => ({ ...[SECOND, THIRD][index], ...more }) as DeliveryState)],
});

describe('what a callback says of the acceptance of its attempt', () => {
  it.each<[string, Partial<ReportedState>, OutboxState | null, ReturnType<typeof acceptanceOf>]>([
    ['nothing new', {}, null, { kind: 'known', binds: false }],
    ['nothing new while its receipt is waited for', {}, WATCHED, { kind: 'known', binds: false }],
    ['nothing new, by another sid', { knownSid: 'SM2' }, null, { kind: 'known', binds: false }],
    [
      'that it was given up too early, for the failure of another message',
      { knownSid: 'SM2', status: 'failed' },
      null,
      { kind: 'after_all', binds: true },
    ],
    ['nothing new where that one failed itself', { status: 'failed' }, null, { kind: 'known', binds: false }],
    [
      'nothing new where its message was taken for that of another attempt',
      { ...UNKNOWN, othersAccepted: [{ providerSid: 'SM1', failed: false }] },
      null,
      { kind: 'known', binds: false },
    ],
    ['the answer to the question, though its late answer is on disk', {}, ASKED, { kind: 'bound', binds: true }],
    ['the answer to the question', UNKNOWN, ASKED, { kind: 'bound', binds: true }],
    ['the answer to the question before a retry', UNKNOWN, WAITS, { kind: 'bound', binds: true }],
    ['the answer to a question that nobody asks any more', UNKNOWN, null, { kind: 'bound', binds: true }],
    [
      'that it was sent twice',
      { ...UNKNOWN, othersAccepted: [{ providerSid: 'SM2', failed: false }] },
      null,
      { kind: 'duplicate', binds: false },
    ],
    [
      'that it was sent twice, and ends the work on it',
      { ...UNKNOWN, othersAccepted: [{ providerSid: 'SM2', failed: false }] },
      IN_FLIGHT,
      { kind: 'duplicate', binds: true },
    ],
    [
      'the answer where the other message failed',
      { ...UNKNOWN, othersAccepted: [{ providerSid: 'SM2', failed: true }] },
      null,
      { kind: 'bound', binds: true },
    ],
    ['what its answer is about to say', { outcome: null }, IN_FLIGHT, { kind: 'ahead_of_answer', binds: true }],
    ['that it is sent twice just now', UNKNOWN, ANOTHERS, { kind: 'duplicate', binds: true }],
    ['that it was given up too early', { ...UNKNOWN, status: 'failed' }, null, { kind: 'after_all', binds: true }],
    [
      'that it reached a number that was corrected since',
      { ...UNKNOWN, ...later({ elsewhere: true }) },
      null,
      { kind: 'misdirected', binds: false },
    ],
    [
      'that words were accepted that were corrected since',
      { ...UNKNOWN, ...later({ reworded: true }) },
      null,
      { kind: 'reworded', binds: false },
    ],
    [
      'the answer where the last one says the same to the same again',
      { ...UNKNOWN, ...later({ elsewhere: true, reworded: true }, {}) },
      null,
      { kind: 'bound', binds: true },
    ],
    [
      'that words were accepted that were corrected in the end',
      { ...UNKNOWN, ...later({}, { reworded: true }) },
      null,
      { kind: 'reworded', binds: false },
    ],
  ])('is %s', (_, state, outbox, acceptance) => {
    expect(acceptanceOf({ ...standing(state), outbox })).toEqual(acceptance);
  });
});

describe('the fallback of the reported delivery', () => {
  const its = (more: Partial<OutboxState>): OutboxState => ({ ...WAITS, deliveryId: 'delivery-2', ...more });

  it.each<[string, Partial<ReportedState>, OutboxState | null]>([
    ['none', {}, null],
    ['none', {}, IN_FLIGHT],
    ['none', later({}), null],
    ['none', later({ accepted: true, status: 'failed' }), null],
    ['none', later({ accepted: true, status: 'canceled' }), null],
    ['left', later({ accepted: true }), null],
    ['left', later({ accepted: true, status: 'delivered' }), null],
    ['left', later({ accepted: true, status: 'failed' }, { accepted: true }), null],
    ['unsent', later({}), its({})],
    ['unsent', later({ accepted: true, status: 'failed' }, {}), its({ deliveryId: 'delivery-3' })],
    ['in_doubt', later({}), its({ stage: 'reconcile' })],
    ['in_doubt', later({}), its({ stage: 'reconcile', leased: true })],
    ['left', later({}), its({ leased: true })],
    ['left', later({ accepted: true }), its({ stage: 'await_delivery' })],
    ['none', { deliveryId: 'delivery-2', ...later({}) }, WATCHED],
    ['none', { deliveryId: 'delivery-2', ...later({}) }, null],
  ])('is %s: %j with the row %j', (fallback, state, outbox) => {
    expect(fallbackOf({ ...standing(state), outbox })).toBe(fallback);
  });
});

describe('what is told of an attempt', () => {
  const report = (evidence: Evidence) => {
    const { attemptId, providerSid } = standing();
    return {
      evidence,
      attemptId,
      providerSid,
      resource: 'message',
      status: 'sent',
      errorCode: null,
      params: {},
    } as const;
  };

  it.each<[Evidence, Partial<ReportedState>, boolean]>([
    ['receipt', {}, false],
    ['receipt', { knownSid: 'SM2' }, true],
    ['receipt', UNKNOWN, true],
    ['receipt', { isAnothersSid: true }, false],
    ['list', {}, false],
    ['list', { knownSid: 'SM2' }, false],
    ['list', { isAnothersSid: true }, true],
    ['callback', { isAnothersSid: true }, false],
    ['callback', { knownSid: 'SM2' }, false],
    ['answer', { isAnothersSid: true }, false],
  ])('by a %s with %j is about another: %s', (evidence, state, another) => {
    expect(isAboutAnother(report(evidence), standing(state).state)).toBe(another);
  });

  it.each<[Evidence, Partial<ReportedState>, boolean]>([
    ['callback', {}, false],
    ['callback', { knownSid: 'SM2' }, true],
    ['callback', UNKNOWN, true],
    ['callback', { outcome: null, knownSid: null }, true],
    ['answer', { knownSid: 'SM2' }, true],
    ['answer', {}, false],
    ['list', UNKNOWN, true],
    ['list', { knownSid: 'SM2' }, false],
  ])('by a %s with %j proves more than was known: %s', (evidence, state, proves) => {
    expect(provesAcceptance(report(evidence), standing(state).state)).toBe(proves);
  });
});
