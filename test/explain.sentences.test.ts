import { describe, expect, it } from 'vitest';
import type { Callback } from '../src/callbacks/callback.entity.js';
import { failureSentence } from '../src/explain/failure.sentence.js';
import type { FailureRecord } from '../src/failures/failure.entity.js';
import type { RecordedNextStep } from '../src/policy/next-step.js';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';

const REFUSED: FailureRecord = {
  id: 'failure',
  at: new Date('2026-12-01T10:02:11.250Z'),
  attemptId: 'attempt',
  callbackId: null,
  notificationId: 'notification',
  deliveryId: 'delivery',
  clientId: 'client',
  recipient: '+15551230001',
  channel: 'sms',
  outcome: 'rejected',
  httpStatus: 429,
  providerCode: 20429,
  providerMessage: 'Too many requests to +15551230001',
  providerBody: null,
  errorClass: 'rate_limited',
  responsible: 'provider',
  rule: 'Twilio code 20429',
  nextStep: { kind: 'none', reason: 'nothing follows' },
};

const CALLBACK: Callback = {
  id: 'callback',
  attemptId: 'attempt',
  notificationId: 'notification',
  deliveryId: 'delivery',
  providerSid: 'SM1',
  status: 'undelivered',
  errorCode: 30003,
  params: {},
  receivedAt: REFUSED.at,
};

function told(more: Partial<FailureRecord>, callback?: Callback): string {
  return failureSentence({ ...REFUSED, ...more }, 2, callback, TWILIO_ERROR_CODES);
}

describe('the sentence of a failure', () => {
  it.each<[string, RecordedNextStep]>([
    ['it is sent again at 10:02:15', { kind: 'retry', at: '2026-12-01T10:02:15.000Z', reason: 'retry 2' }],
    ['it is sent again at 2026-12-02 00:00:01', { kind: 'retry', at: '2026-12-02T00:00:01.000Z', reason: 'retry 2' }],
    [
      'Twilio is asked at 10:02:15 before anything is sent again',
      { kind: 'reconcile', at: '2026-12-01T10:02:15Z', reason: '' },
    ],
    ['it waits: the circuit is open', { kind: 'hold', reason: 'the circuit is open' }],
    ['voice is next', { kind: 'fallback', channel: 'voice', reason: 'voice is next' }],
    ['a human decides: no other channel is left', { kind: 'dead_letter', reason: 'no other channel is left' }],
    ['nothing follows', { kind: 'none', reason: 'nothing follows' }],
  ])('ends with what follows: %s', (ending, nextStep) => {
    expect(told({ nextStep }).split('; ').at(-1)).toBe(`${ending}.`);
  });

  it('says who answered what, when, whose fault that is, and whether it was accepted', () => {
    expect(told({})).toMatch(
      /^Twilio answered 429 to attempt 2 on sms at 10:02:11 \(code 20429: .+\); that is the provider's fault, and the message was not accepted; /,
    );
    expect(told({ channel: 'voice', providerCode: null, httpStatus: 503, outcome: 'unknown' })).toMatch(
      /^Twilio answered 503 to attempt 2 on voice at 10:02:11 \(no code\); .+, and the call may have been accepted; /,
    );
    expect(told({ httpStatus: 201, providerCode: null, outcome: 'unknown' })).toContain(
      'Twilio answered 201 without saying what it accepted to attempt 2',
    );
    expect(told({ httpStatus: null, rule: 'no answer: timed_out', outcome: 'unknown' })).toMatch(
      /^Twilio gave no answer: timed out to attempt 2/,
    );
    expect(told({ httpStatus: null, rule: 'lease ran out', outcome: 'unknown' })).toMatch(
      /^The process stopped before the answer to attempt 2 .* was recorded \(lease ran out\)/,
    );
  });

  it('of a callback says what was reported, and nothing of the acceptance, which was told before', () => {
    const sentence = told(
      { outcome: 'accepted', callbackId: 'callback', providerCode: 30003, responsible: 'recipient' },
      CALLBACK,
    );
    expect(sentence).toMatch(
      /^Twilio reported it undelivered on sms at 10:02:11 \(code 30003: .+\); that lies with the recipient; nothing follows\.$/,
    );
  });

  it.each([
    ['busy', 'the line was busy'],
    ['no-answer', 'nobody took the call'],
    ['failed', 'the call could not be put through'],
    ['canceled', 'the call was canceled at Twilio'],
    ['of-next-year', 'it of-next-year on voice'],
  ])('of a call that ended %s says so in words, and speaks of no code', (status, words) => {
    const ended = { channel: 'voice', outcome: 'accepted', callbackId: 'callback', providerCode: null } as const;
    const sentence = told(ended, { ...CALLBACK, status, errorCode: null });
    expect(sentence).toContain(words);
    expect(sentence).toContain('10:02:11');
    expect(sentence).not.toContain('code');
  });

  it.each<RecordedNextStep>([
    { kind: 'dead_letter', reason: 'all retries are used; no other channel is left' },
    { kind: 'fallback', channel: 'voice', reason: 'all retries are used; voice is next' },
  ])('of an unknown attempt does not tell what its question led to later: $kind', (nextStep) => {
    const sentence = told({ outcome: 'unknown', httpStatus: 503, nextStep });
    expect(sentence.split('; ').at(-1)).toBe('Twilio is asked before anything is sent again.');
    expect(sentence).not.toContain('all retries are used');
  });

  it('holds no whole number, and bears a code that no table knows', () => {
    expect(told({ providerCode: 99_999 })).toContain('(code 99999: not in the catalogue)');
    expect(told({})).not.toMatch(/\+\d/);
  });
});
