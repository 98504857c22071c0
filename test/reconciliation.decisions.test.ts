import { describe, expect, it } from 'vitest';
import { afterAbsence, afterAmbiguity, afterNoAnswer, afterRefusal } from '../src/dispatch/after-reconciliation.js';
import { originalFailure } from '../src/dispatch/original-failure.js';
import type { Failure } from '../src/policy/failure.js';
import type { RetryPolicy } from '../src/policy/retry.policy.js';
import { judge, type Judgement } from '../src/reconciliation/judgement.js';
import { ownersBegan } from '../src/reconciliation/owner.window.js';
import type { Finding } from '../src/reconciliation/reconciler.js';
import { classify } from '../src/twilio/classification.js';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';
import { recordOf } from './support/twilio-record.js';
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
    expect(judge({ ...findings, unowned: findings.unowned.map((sid) => recordOf({ sid })) })).toMatchObject(judgement);
  });
});

describe('whom a found message may belong to', () => {
  it.each([
    [{ unowned: ['SM1'], rivals: 1, strangers: 0 }, '1 message that may as well belong to 1 other notification with'],
    [
      { unowned: ['SM1', 'SM2'], rivals: 2, strangers: 0 },
      '2 messages that may as well belong to 2 other notifications',
    ],
    [{ unowned: [], rivals: 0, strangers: 1 }, '1 message that'],
    [{ unowned: [], rivals: 0, strangers: 3 }, '3 messages that'],
  ])('is told: %j', (findings, told) => {
    const unowned = findings.unowned.map((sid) => recordOf({ sid }));
    expect(judge({ ...findings, unowned, complete: true }).because).toContain(told);
  });
});

describe('when the attempts that created what was found may have begun', () => {
  const since = new Date('2026-11-22T10:00:00Z');
  const now = new Date('2026-11-22T10:01:00Z');
  const at = (time: string) => ({ dateCreated: new Date(`2026-11-22T${time}Z`) });

  it.each([
    ['from ten minutes before the oldest', [at('10:00:30'), at('10:00:10')], '2026-11-22T09:50:10.000Z'],
    [
      'from a day before, with a call that still waits',
      [at('10:00:10'), { dateCreated: null }],
      '2026-11-21T09:50:00.000Z',
    ],
  ])('is %s', (_, records, from) => {
    expect(ownersBegan(records, since, now).from.toISOString()).toBe(from);
  });

  it.each([
    ['a minute after the youngest', [at('10:00:30'), at('10:00:10')], '2026-11-22T10:01:30.000Z'],
    [
      'a minute from now, with a call that still waits',
      [at('10:00:10'), { dateCreated: null }],
      '2026-11-22T10:02:00.000Z',
    ],
  ])('is until %s', (_, records, to) => {
    expect(ownersBegan(records, since, now).to.toISOString()).toBe(to);
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

  it('goes back among what is to be sent at its expiresAt, and not a moment before', () => {
    const ended = after({ expiresAt: CLOCK.now });
    expect(ended).toMatchObject({ kind: 'end', step: { kind: 'retry', at: NOW, waitMs: 0 } });
    expect(after({ expiresAt: inMs(1) })).toMatchObject({ kind: 'resend' });
  });

  it.each([false, true])('whoever wants a human to decide gets one, retries exhausted: %s', (exhausted) => {
    expect(after({ onUnknown: 'review', exhausted })).toMatchObject({ kind: 'end', step: { kind: 'dead_letter' } });
  });

  it('says that no retry was left only where that is so', () => {
    const shown = { kind: 'end', step: { exhausted: true } };
    expect(after({ onUnknown: 'review', exhausted: true })).toMatchObject(shown);
    expect(after({ exhausted: true })).toMatchObject(shown);
    expect(after({ onUnknown: 'review' })).not.toMatchObject(shown);
  });

  it('the next channel takes over where no retry is left', () => {
    expect(after({ exhausted: true })).toMatchObject({ kind: 'end', step: { kind: 'fallback', channel: 'voice' } });
  });
});

describe('after a refusal that came late', () => {
  const after = (httpStatus: number, more: Parameters<typeof workOf>[0], policy: Partial<RetryPolicy> = {}) => {
    const refusal = { httpStatus, providerCode: null, networkFailure: null };
    const failure = {
      ...FAULT,
      outcome: 'rejected',
      httpStatus,
      classification: classify(refusal, TWILIO_ERROR_CODES),
    };
    return afterRefusal(workOf(more), failure as Failure, ['voice'], { ...POLICY, ...policy }, CLOCK);
  };

  it.each([
    ['the retry that its lease has cost', { retries: 2 }, 2000],
    ['the first one where none was spent', { retries: 0 }, 1000],
  ])('has %s', (_, more, waitMs) => {
    expect(after(429, more)).toMatchObject({ kind: 'retry', waitMs, at: inMs(waitMs), spendsRetry: false });
  });

  it.each([
    ['the retries', { retries: 5 }, 'retry'],
    ['the retries', { retries: 6 }, 'fallback'],
    ['the time to wait', { retries: 2, waitedMs: 58_000 }, 'retry'],
    ['the time to wait', { retries: 2, waitedMs: 59_000 }, 'fallback'],
  ])('keeps to %s: %j is followed by a %s', (_, more, kind) => {
    expect(after(429, more).kind).toBe(kind);
  });

  it('of credentials is sent again at once, since a circuit holds it where one is open', () => {
    expect(after(401, {})).toMatchObject({
      kind: 'retry',
      at: NOW,
      waitMs: 0,
      spendsRetry: false,
      reason: expect.stringContaining('as soon as the account may send'),
    });
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
    ['all retries are used', { retries: 5, waitedMs: 31_000 }, 'retries'],
    ['no time is left to wait', { retries: 1, waitedMs: 59_000 }, 'would pass the limit'],
    ['this was the last look', { exhausted: true }, 'all retries are used'],
  ])('leaves it to the next channel where %s', (_, more, reason) => {
    const shown = { reason: expect.stringContaining(reason), exhausted: true };
    expect(after(more)).toMatchObject({ kind: 'fallback', channel: 'voice', ...shown });
    expect(after({ ...more, onUnknown: 'review' })).toMatchObject({ kind: 'dead_letter', ...shown });
  });
});
