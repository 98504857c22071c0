import { describe, expect, it } from 'vitest';
import { failureOf } from '../src/callbacks/failure.decision.js';
import { triedOnceDropped, watchSeconds } from '../src/callbacks/report.decision.js';
import type { DeliveryState, ReportedState, Standing } from '../src/callbacks/report.state.js';
import { classifyCallback } from '../src/twilio/classification.js';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';
import { effectOf } from '../src/twilio/reported-effect.js';

const first: DeliveryState = {
  id: 'delivery-1',
  channel: 'sms',
  status: 'sent',
  attempted: true,
  accepted: true,
  byHuman: false,
  elsewhere: false,
  reworded: false,
};

/** Accepted by SMS, voice may follow, and a callback of its one attempt has come in. */
function standing(state: Partial<ReportedState> = {}): Standing {
  return {
    attemptId: 'attempt-1',
    providerSid: 'SM1',
    outbox: null,
    state: {
      id: 'notification',
      clientId: 'client',
      recipient: '+15551230001',
      status: 'sent',
      ageSeconds: 5,
      expired: false,
      category: 'transactional',
      channels: ['sms', 'voice'],
      fallbackAfterSeconds: 600,
      awaitsReview: false,
      hasWork: false,
      content: { body: 'Hello' },
      deliveries: [first],
      deliveryId: 'delivery-1',
      channel: 'sms',
      deliveryStatus: 'sent',
      sender: '+15005550006',
      changes: null,
      outcome: 'accepted',
      knownSid: 'SM1',
      attemptStartedAt: new Date('2026-12-01T09:00:00Z'),
      othersAccepted: [],
      isAnothersSid: false,
      ...state,
    },
  };
}

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

  it('is never sent again on its own channel: without another one a human decides', () => {
    expect(after(30008, [])).toMatchObject({ kind: 'dead_letter' });
  });
});
