import { describe, expect, it } from 'vitest';
import { failureOf } from '../src/callbacks/failure.decision.js';
import { triedOnceDropped, watchSeconds } from '../src/callbacks/report.decision.js';
import type { DeliveryState, OutboxState, ReportedState } from '../src/callbacks/report.state.js';
import { classifyCallback } from '../src/twilio/classification.js';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';
import { effectOf } from '../src/twilio/reported-effect.js';
import { first, standing } from './callbacks.standing.setup.js';

describe('what a status says', () => {
  it.each([
    ['message', 'accepted', 'noted'],
    ['message', 'queued', 'noted'],
    ['message', 'sending', 'noted'],
    ['message', 'sent', 'noted'],
    ['message', 'a word of tomorrow', 'noted'],
    ['message', 'constructor', 'noted'],
    ['message', 'delivered', 'delivered'],
    ['message', 'partially_delivered', 'delivered'],
    ['message', 'read', 'read'],
    ['message', 'undelivered', 'failed'],
    ['message', 'failed', 'failed'],
    ['message', 'canceled', 'failed'],
    ['call', 'queued', 'noted'],
    ['call', 'initiated', 'noted'],
    ['call', 'ringing', 'noted'],
    ['call', 'in-progress', 'noted'],
    ['call', 'completed', 'delivered'],
    ['call', 'busy', 'failed'],
    ['call', 'no-answer', 'failed'],
    ['call', 'failed', 'failed'],
    ['call', 'canceled', 'failed'],
  ] as const)('%s %s: %s', (resource, status, effect) => {
    expect(effectOf({ resource, status })).toBe(effect);
  });
});

describe('the watch over a delivery that turns out to be accepted', () => {
  it('lasts as long as the caller set, where another channel may take over', () => {
    expect(watchSeconds(standing(), 'none', ['voice'])).toBe(600);
    expect(watchSeconds(standing(), 'unsent', ['voice'])).toBe(600);
    expect(watchSeconds(standing({ status: 'failed', awaitsReview: true }), 'none', ['voice'])).toBe(600);
  });

  it.each([
    ['the caller set no time', { fallbackAfterSeconds: null }],
    ['its expiresAt has passed: nothing would be sent', { expired: true }],
    ['a human gave it up', { status: 'failed', awaitsReview: false }],
    ['it is delivered', { status: 'delivered' }],
    ['it is canceled', { status: 'canceled' }],
    ['it has expired', { status: 'expired' }],
  ] as const)('is none where %s', (_, state) => {
    expect(watchSeconds(standing(state), 'none', ['voice'])).toBeNull();
  });

  it('is none where no channel is left, or the fallback has left already', () => {
    expect(watchSeconds(standing(), 'none', [])).toBeNull();
    expect(watchSeconds(standing(), 'left', ['voice'])).toBeNull();
  });
});

describe('the channels that count as tried', () => {
  const delivery = { ...first, id: 'delivery-2', channel: 'voice', accepted: false } as const;
  const tried = (more: Partial<DeliveryState>, dropped = false) => {
    const deliveries = [first, { ...delivery, ...more }];
    const outbox = { deliveryId: delivery.id, stage: 'send', attemptId: null, leased: false } as const;
    return triedOnceDropped({ ...standing({ deliveries }), outbox }, dropped);
  };

  it('leave out a fallback that was called off before its first attempt, and no other', () => {
    expect(tried({ status: 'canceled', attempted: false })).toEqual(['sms']);
    expect(tried({ status: 'canceled', attempted: true })).toEqual(['sms', 'voice']);
    expect(tried({ status: 'queued', attempted: false })).toEqual(['sms', 'voice']);
    expect(tried({ status: 'queued', attempted: false }, true)).toEqual(['sms']);
    expect(tried({ status: 'queued', attempted: true }, true)).toEqual(['sms', 'voice']);
  });

  it('count one that ended without an attempt, also while another one is dropped', () => {
    const ended = { ...first, id: 'delivery-0', channel: 'whatsapp', status: 'failed', attempted: false } as const;
    const deliveries = [ended, { ...first, status: 'queued', attempted: false } as const];
    const outbox = { deliveryId: first.id, stage: 'send', attemptId: null, leased: false } as const;
    expect(triedOnceDropped({ ...standing({ deliveries }), outbox }, true)).toEqual(['whatsapp']);
  });
});

describe('a failed callback', () => {
  const after = (errorCode: number | null, fallbacks: readonly 'voice'[] = ['voice']) => {
    const report = { resource: 'message', status: 'undelivered', errorCode, channel: 'sms' } as const;
    return failureOf(standing(), true, classifyCallback(report, TWILIO_ERROR_CODES), fallbacks)?.step;
  };

  it.each([
    [30003, 'fallback'],
    [30005, 'fallback'],
    [30008, 'fallback'],
    [30007, 'dead_letter'],
    [21610, 'none'],
  ])('with code %i is followed by %s', (errorCode, kind) => {
    expect(after(errorCode)?.kind).toBe(kind);
  });

  const decided = (state: Partial<ReportedState>, errorCode = 30003) => {
    const report = { resource: 'message', status: 'undelivered', errorCode, channel: 'sms' } as const;
    return failureOf(standing(state), true, classifyCallback(report, TWILIO_ERROR_CODES), ['voice'])?.step;
  };

  it('says that expiresAt has passed only where another channel would have helped', () => {
    expect(decided({ expired: true })).toMatchObject({
      kind: 'dead_letter',
      reason: expect.stringContaining('expiresAt'),
    });
    expect(decided({ expired: true }, 30007)?.reason).not.toContain('expiresAt');
  });

  it.each([
    ['may still deliver it', {}, true],
    ['failed as well', { status: 'failed' }, false],
    ['was never accepted', { accepted: false }, false],
    ['went to another recipient', { elsewhere: true }, false],
    ['said something else', { reworded: true }, false],
  ] as const)('tells a human of an earlier channel that %s: %o', (_, earlier, told) => {
    const before = { ...first, id: 'delivery-0', channel: 'whatsapp', ...earlier } as const;
    const reason = decided({ deliveries: [before, first] }, 30007)?.reason;
    expect(reason?.includes('whatsapp accepted it as well')).toBe(told);
  });

  it('leads to nothing where another message of the delivery may still arrive, but not where that failed too', () => {
    expect(decided({ othersAccepted: [{ providerSid: 'SM2', failed: false }] })?.kind).toBe('none');
    expect(decided({ othersAccepted: [{ providerSid: 'SM2', failed: true }] })?.kind).toBe('fallback');
    expect(decided({ othersAccepted: [{ providerSid: 'SM1', failed: false }] })?.kind).toBe('fallback');
  });

  it('tells a human of no other channel where only its own accepted it', () => {
    expect(decided({}, 30007)?.reason).not.toContain('accepted it as well');
  });

  it('says nothing of expiresAt where no channel was left anyway', () => {
    const report = { resource: 'message', status: 'undelivered', errorCode: 30003, channel: 'sms' } as const;
    const classification = classifyCallback(report, TWILIO_ERROR_CODES);
    const step = failureOf(standing({ expired: true }), true, classification, [])?.step;
    expect(step?.reason).toContain('no other channel is left');
    expect(step?.reason).not.toContain('expiresAt');
  });

  it('is never sent again on its own channel: without another one a human decides', () => {
    expect(after(30008, [])).toMatchObject({ kind: 'dead_letter' });
  });
});

describe('what a failed callback ends', () => {
  const second: DeliveryState = { ...first, id: 'delivery-2', channel: 'voice' };
  const own: OutboxState = { deliveryId: 'delivery-1', stage: 'send', attemptId: 'attempt-1', leased: true };
  const another = { ...own, attemptId: 'attempt-2' };
  const fallback = { ...another, deliveryId: 'delivery-2' };
  const review = { status: 'failed', awaitsReview: true } as const;
  const CARRIED_OUT = { endsDelivery: true, carriedOut: true };
  const ENDS = { endsDelivery: true, carriedOut: false, step: { kind: 'none' } };
  const NOTHING = { endsDelivery: false, carriedOut: false, step: { kind: 'none' } };

  const decided = (state: Partial<ReportedState>, outbox: OutboxState | null, knownBefore: boolean, code: number) => {
    const report = { resource: 'message', status: 'undelivered', errorCode: code, channel: 'sms' } as const;
    return failureOf({ ...standing(state), outbox }, knownBefore, classifyCallback(report, TWILIO_ERROR_CODES), [
      'voice',
    ]);
  };

  it.each<[string, Partial<ReportedState>, OutboxState | null, object]>([
    ['the delivery, and the next channel follows', {}, null, CARRIED_OUT],
    ['a watch as well', {}, { ...own, stage: 'await_delivery', attemptId: null, leased: false }, CARRIED_OUT],
    ['its own attempt, ahead of the answer', {}, own, CARRIED_OUT],
    ['its own question', {}, { ...own, stage: 'reconcile' }, CARRIED_OUT],
    ['a retry that waits', {}, { ...another, leased: false }, CARRIED_OUT],
    ['nothing while another attempt is in flight', {}, another, NOTHING],
    ['nothing while another attempt is asked about', {}, { ...another, stage: 'reconcile', leased: false }, NOTHING],
    [
      'nothing while another message may arrive',
      { othersAccepted: [{ providerSid: 'SM2', failed: false }] },
      null,
      NOTHING,
    ],
    ['only the delivery where the next one is worked on', { deliveries: [first, second] }, fallback, ENDS],
    ['only the delivery where the next one was accepted', { deliveries: [first, second] }, null, ENDS],
    [
      'only the delivery where the next one waits and was not accepted',
      { deliveries: [first, { ...second, accepted: false }] },
      fallback,
      ENDS,
    ],
    [
      'the delivery where the next one failed',
      { deliveries: [first, { ...second, status: 'failed' }] },
      null,
      CARRIED_OUT,
    ],
    [
      'only the delivery where a human has corrected it',
      { deliveries: [first, { ...second, accepted: false, elsewhere: true }] },
      null,
      ENDS,
    ],
    ['only the delivery where another delivered it', { status: 'delivered' }, null, ENDS],
    ['only the delivery where it was taken back', { status: 'canceled' }, null, ENDS],
    ['only the delivery where it was given up by a human', { status: 'failed' }, null, ENDS],
    ['the delivery, and the next channel spares the human', review, null, CARRIED_OUT],
  ])('%s', (_, state, outbox, decision) => {
    expect(decided(state, outbox, false, 30003)).toMatchObject(decision);
  });

  it('is only the delivery where a human has it before them, and nothing else helps', () => {
    expect(decided(review, null, false, 30007)).toMatchObject(ENDS);
  });

  it.each([
    ['sent', true],
    ['sending', true],
    ['queued', true],
    ['failed', false],
    ['delivered', false],
    ['canceled', false],
    ['expired', false],
  ] as const)('is something where its acceptance was known and it is stored as %s: %s', (deliveryStatus, something) => {
    expect(decided({ deliveryStatus }, null, true, 30003) !== null).toBe(something);
    expect(decided({ deliveryStatus }, null, false, 30003)).not.toBeNull();
  });
});
