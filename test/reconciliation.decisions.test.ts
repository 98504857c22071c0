import { describe, expect, it } from 'vitest';
import { afterAbsence, afterAmbiguity, afterNoAnswer } from '../src/dispatch/after-reconciliation.js';
import { originalFailure } from '../src/dispatch/original-failure.js';
import type { RetryPolicy } from '../src/policy/retry.policy.js';
import { judge, type Judgement } from '../src/reconciliation/judgement.js';
import type { Finding } from '../src/reconciliation/reconciler.js';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';
import { workOf } from './support/work.js';

const POLICY: RetryPolicy = { baseMs: 1000, factor: 2, max: 5, budgetMs: 60_000 };
const NOW = new Date('2026-11-22T10:00:00Z');
const CLOCK = { now: NOW, random: 0 };
/** A 5xx, as the history has it. */
const FAULT = originalFailure(null, TWILIO_ERROR_CODES);
const BECAUSE = 'it is not there';

const inMs = (ms: number) => new Date(NOW.getTime() + ms);

describe("what the provider's list shows", () => {
  it.each([
    [{ unowned: [], complete: true, rivals: 0, strangers: 0 }, { kind: 'absent' }],
    // What could not be read to its end proves nothing: sent again, it might arrive twice.
    [{ unowned: [], complete: false, rivals: 0, strangers: 0 }, { kind: 'unanswered' }],
    [{ unowned: [], complete: false, rivals: 1, strangers: 0 }, { kind: 'unanswered' }],
    [
      { unowned: ['SM1'], complete: true, rivals: 0, strangers: 0 },
      { kind: 'accepted', sid: 'SM1', source: 'list', duplicates: 0 },
    ],
    [
      { unowned: ['SM1'], complete: false, rivals: 0, strangers: 0 },
      { kind: 'accepted', sid: 'SM1', source: 'list', duplicates: 0 },
    ],
    [
      { unowned: ['SM1', 'SM2', 'SM3'], complete: true, rivals: 0, strangers: 0 },
      { kind: 'accepted', sid: 'SM1', source: 'list', duplicates: 2 },
    ],
    [{ unowned: ['SM1'], complete: true, rivals: 1, strangers: 0 }, { kind: 'ambiguous' }],
    [{ unowned: [], complete: true, rivals: 0, strangers: 1 }, { kind: 'ambiguous' }],
    [{ unowned: [], complete: false, rivals: 0, strangers: 1 }, { kind: 'ambiguous' }],
    // It is there, so nobody has to ask whose the others are.
    [
      { unowned: ['SM1'], complete: true, rivals: 0, strangers: 2 },
      { kind: 'accepted', sid: 'SM1', source: 'list', duplicates: 0 },
    ],
  ])('%j is judged as %j', (findings, judgement) => {
    expect(judge(findings)).toMatchObject(judgement);
  });
});

describe('after a list that does not show it', () => {
  const after = (more: Parameters<typeof workOf>[0]) =>
    afterAbsence(workOf(more), FAULT, BECAUSE, ['voice'], CLOCK.now);

  it('sends it again', () => {
    expect(after({})).toMatchObject({ kind: 'resend' });
  });

  it.each([{}, { onUnknown: 'review' }, { exhausted: true }] as const)(
    'nothing is sent again after its expiresAt, with %j',
    (more) => {
      expect(after({ ...more, expiresAt: CLOCK.now })).toMatchObject({
        kind: 'end',
        step: { kind: expect.not.stringMatching('fallback') },
      });
    },
  );

  it.each([false, true])('whoever wants a human to decide gets one, retries exhausted: %s', (exhausted) => {
    expect(after({ onUnknown: 'review', exhausted })).toMatchObject({ kind: 'end', step: { kind: 'dead_letter' } });
  });

  it('the next channel takes over where no retry is left', () => {
    expect(after({ exhausted: true })).toMatchObject({ kind: 'end', step: { kind: 'fallback', channel: 'voice' } });
  });
});

describe("a message that may be another notification's", () => {
  it.each([
    [0, { kind: 'reconcile', waitMs: 5000, at: inMs(5000), spendsRetry: false }],
    [1, { kind: 'reconcile', waitMs: 30_000, at: inMs(30_000), spendsRetry: false }],
    [2, { kind: 'dead_letter' }],
    [3, { kind: 'dead_letter' }],
  ])('is looked at after %s such looks: %j', (lookups, step) => {
    expect(afterAmbiguity(workOf({ lookups }), BECAUSE, CLOCK)).toMatchObject(step);
  });

  it.each([false, true])('leaves as it was whether retries are exhausted: %s', (exhausted) => {
    expect(afterAmbiguity(workOf({ exhausted }), BECAUSE, CLOCK)).toMatchObject({ kind: 'reconcile', exhausted });
  });
});

describe('a list that could not be read', () => {
  const UNANSWERED: Judgement = { kind: 'unanswered', because: BECAUSE };

  function after(more: Parameters<typeof workOf>[0], retryAfterMs: number | null = null) {
    const finding: Finding = {
      judgement: UNANSWERED,
      original: null,
      lookupFailure: retryAfterMs === null ? null : { ...FAULT, httpStatus: 429, retryAfterMs },
    };
    return afterNoAnswer(workOf(more), FAULT, finding, ['voice'], POLICY, CLOCK);
  }

  it('is asked for again, which spends a retry', () => {
    expect(after({ retries: 1, waitedMs: 1000 })).toMatchObject({
      kind: 'reconcile',
      waitMs: 2000,
      at: inMs(2000),
      spendsRetry: true,
      exhausted: false,
    });
  });

  it('is asked for again after Retry-After where that is longer', () => {
    expect(after({}, 7000)).toMatchObject({ kind: 'reconcile', waitMs: 7000 });
  });

  it.each([
    ['all retries are used', { retries: 5, waitedMs: 31_000 }],
    ['no time is left to wait', { retries: 1, waitedMs: 59_000 }],
    ['this was the last look', { exhausted: true }],
  ])('leaves it to the next channel where %s', (_, more) => {
    expect(after(more)).toMatchObject({ kind: 'fallback', channel: 'voice' });
    expect(after({ ...more, onUnknown: 'review' })).toMatchObject({ kind: 'dead_letter' });
  });
});
