import { describe, expect, it } from 'vitest';
import { nextStep, type DeliveryHistory } from '../src/policy/next-step.js';
import { decideRetry, type RetryPolicy } from '../src/policy/retry.policy.js';
import {
  legalFrom,
  legalMove,
  mayBecome,
  NOTIFICATION_STATUSES,
  statusesBefore,
  TRANSITIONS,
  WORKED_ON,
} from '../src/policy/transitions.js';
import type { ErrorClass } from '../src/policy/vocabulary.js';
import { failureOfClass } from './support/failure.js';

const POLICY: RetryPolicy = { baseMs: 1000, factor: 2, max: 5, budgetMs: 60_000 };
const CLOCK = { now: new Date('2026-11-22T10:00:00Z'), random: 0 };
const FRESH: DeliveryHistory = { retries: 0, waitedMs: 0, fallbacks: [], standstill: null };

describe('retry policy', () => {
  it('waits 1, 2, 4, 8 and 16 seconds, then is exhausted', () => {
    const waits: number[] = [];
    for (let spent = { retries: 0, waitedMs: 0 }; ;) {
      const decision = decideRetry(POLICY, spent, null, 0);
      if (decision.kind === 'exhausted') break;
      waits.push(decision.waitMs);
      spent = { retries: decision.number, waitedMs: spent.waitedMs + decision.waitMs };
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000]);
  });

  it('only ever adds jitter, and a tenth at most', () => {
    for (const random of [0, 0.25, 0.5, 0.999]) {
      const decision = decideRetry(POLICY, { retries: 2, waitedMs: 3000 }, null, random);
      expect(decision).toMatchObject({ kind: 'retry', number: 3 });
      const waitMs = decision.kind === 'retry' ? decision.waitMs : 0;
      expect(waitMs).toBeGreaterThanOrEqual(4000);
      expect(waitMs).toBeLessThanOrEqual(4400);
    }
  });

  it('waits as long as Retry-After says where that is longer', () => {
    expect(decideRetry(POLICY, FRESH, 7000, 0)).toMatchObject({ waitMs: 7000 });
    expect(decideRetry(POLICY, FRESH, 10, 0)).toMatchObject({ waitMs: 1000 });
  });

  it('does not wait longer than its budget in total', () => {
    expect(decideRetry(POLICY, { retries: 1, waitedMs: 58_500 }, null, 0)).toMatchObject({ kind: 'exhausted' });
    expect(decideRetry(POLICY, FRESH, 61_000, 0)).toMatchObject({ kind: 'exhausted' });
    expect(decideRetry(POLICY, FRESH, 60_000, 0.99)).toMatchObject({ kind: 'retry', waitMs: 60_000 });
    expect(decideRetry(POLICY, { retries: 1, waitedMs: 50_000 }, 9500, 0.99)).toMatchObject({ waitMs: 10_000 });
    expect(decideRetry(POLICY, { retries: 1, waitedMs: 58_000 }, null, 0)).toMatchObject({
      kind: 'retry',
      waitMs: 2000,
    });
    expect(decideRetry(POLICY, FRESH, 60_000, 0)).toMatchObject({ kind: 'retry', waitMs: 60_000 });
  });
});

describe('next step', () => {
  const withSms: DeliveryHistory = { ...FRESH, fallbacks: ['sms'] };
  const spent: DeliveryHistory = { ...withSms, retries: 5, waitedMs: 31_000 };

  it.each([
    ['invalid_request', 'dead_letter', 'dead_letter'],
    ['authentication', 'hold', 'hold'],
    ['permission', 'dead_letter', 'dead_letter'],
    ['not_found', 'dead_letter', 'dead_letter'],
    ['rate_limited', 'retry', 'fallback'],
    ['quota_exhausted', 'hold', 'hold'],
    ['provider_fault', 'retry', 'fallback'],
    ['recipient_unreachable', 'dead_letter', 'dead_letter'],
    ['channel_unavailable', 'fallback', 'fallback'],
    ['content_rejected', 'dead_letter', 'dead_letter'],
    ['opted_out', 'none', 'none'],
  ] satisfies [ErrorClass, string, string][])(
    'after %s: %s at first, %s when retries are spent',
    (errorClass, first, last) => {
      expect(nextStep(failureOfClass(errorClass), withSms, POLICY, CLOCK).kind).toBe(first);
      expect(nextStep(failureOfClass(errorClass), spent, POLICY, CLOCK).kind).toBe(last);
    },
  );

  it.each(['invalid_request', 'permission', 'recipient_unreachable', 'content_rejected'] as const)(
    'lets the code table send %s to another channel',
    (errorClass) => {
      const helped = failureOfClass(errorClass, {}, { otherChannelHelps: 'yes' });
      expect(nextStep(helped, withSms, POLICY, CLOCK)).toMatchObject({ kind: 'fallback', channel: 'sms' });
    },
  );

  it('asks before it repeats what may have been accepted', () => {
    const unknown = failureOfClass('provider_fault', { outcome: 'unknown', httpStatus: 503 });
    expect(nextStep(unknown, FRESH, POLICY, CLOCK)).toMatchObject({
      kind: 'reconcile',
      exhausted: false,
      at: new Date('2026-11-22T10:00:01Z'),
    });
  });

  it.each(['invalid_request', 'channel_unavailable', 'opted_out'] as const)(
    'asks what became of it also where the code of what may have been accepted means %s',
    (errorClass) => {
      const unknown = failureOfClass(errorClass, { outcome: 'unknown', httpStatus: 500 });
      expect(nextStep(unknown, withSms, POLICY, CLOCK)).toMatchObject({ kind: 'reconcile', exhausted: false });
      expect(nextStep(unknown, spent, POLICY, CLOCK)).toMatchObject({ kind: 'reconcile', exhausted: true });
    },
  );

  it('asks once more before it gives up what may have been accepted', () => {
    const unknown = failureOfClass('provider_fault', { outcome: 'unknown', httpStatus: 503 });
    expect(nextStep(unknown, spent, POLICY, CLOCK)).toMatchObject({
      kind: 'reconcile',
      exhausted: true,
      spendsRetry: false,
      at: new Date('2026-11-22T10:00:01Z'),
      waitMs: 1000,
    });
  });

  it('waits in an open circuit instead of spending retries', () => {
    const open = { ...spent, standstill: 'an operator keeps it closed' };
    for (const outcome of ['rejected', 'unknown'] as const) {
      expect(nextStep(failureOfClass('provider_fault', { outcome }), open, POLICY, CLOCK)).toEqual({
        kind: 'hold',
        reason: 'an operator keeps it closed: waiting costs no retry',
      });
    }
    // What the provider said of this one stays true however long it waits.
    for (const errorClass of ['invalid_request', 'rate_limited'] as const) {
      expect(nextStep(failureOfClass(errorClass), open, POLICY, CLOCK)).toEqual(
        nextStep(failureOfClass(errorClass), spent, POLICY, CLOCK),
      );
    }
  });

  it('says of a stopped account what it waits for: a quota comes back by itself, credentials do not', () => {
    expect(nextStep(failureOfClass('quota_exhausted'), FRESH, POLICY, CLOCK).reason).toMatch(
      /until its quota resets, or /,
    );
    expect(nextStep(failureOfClass('authentication'), FRESH, POLICY, CLOCK).reason).toMatch(/until an operator acts$/);
  });
});

describe('transitions', () => {
  it('reach every status, and leave the terminal ones alone', () => {
    for (const status of NOTIFICATION_STATUSES) {
      const isStart = status === 'scheduled';
      expect(isStart || statusesBefore(status).length > 0, status).toBe(true);
    }
    for (const terminal of ['delivered', 'canceled', 'expired'] as const) expect(TRANSITIONS[terminal]).toEqual([]);
  });

  it('become the guard of a statement', () => {
    expect(legalMove('n.status', 'sent')).toBe(`n.status IN ('sending', 'failed')`);
    expect(legalFrom('n.status', WORKED_ON, 'queued', 'failed')).toBe(`n.status IN ('scheduled', 'queued', 'sending')`);
    expect(() => legalFrom('n.status', ['sent', 'delivered'], 'delivered')).toThrow(
      'delivered may not become delivered',
    );
    expect(() => legalFrom('n.status', ['sent'], 'delivered', 'canceled')).toThrow('sent may not become canceled');
  });

  it('lead by way of sending from what is worked on, and from nothing else', () => {
    expect([mayBecome('scheduled', 'sent'), mayBecome('queued', 'queued')]).toEqual([true, true]);
    expect([mayBecome('sent', 'sent'), mayBecome('failed', 'canceled')]).toEqual([false, false]);
    // What is sent was not scheduled after that.
    expect([mayBecome('queued', 'scheduled'), mayBecome('sending', 'scheduled')]).toEqual([false, false]);
  });
});
