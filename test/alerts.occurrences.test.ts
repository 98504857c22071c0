import { describe, expect, it } from 'vitest';
import { AlarmBuffer } from '../src/alerts/alarm.buffer.js';
import { alertFor } from '../src/alerts/alert.policy.js';
import { occurrenceOfCallback, occurrenceOfWork } from '../src/alerts/occurrence.js';
import type { UnsuccessfulWork } from '../src/outbox/work.js';
import { usedUp, type NextStep } from '../src/policy/next-step.js';
import type { ErrorClass } from '../src/policy/vocabulary.js';
import { testAlarm } from './alerts.setup.js';
import { standing } from './callbacks.standing.setup.js';
import { failureOfClass } from './support/failure.js';
import { workOf } from './support/work.js';

const REVIEW: NextStep = { kind: 'dead_letter', reason: 'no other channel is left' };
const VOICE: NextStep = { kind: 'fallback', channel: 'voice', reason: 'voice is next' };
const NOTHING: NextStep = { kind: 'none', reason: 'the notification is delivered already' };
const JUST_NOW = { startedAt: new Date(), durationMs: 10 };
/** What is decided after a look-up has no attempt of its own. */
const ASKED = null;

const isRaised = (occurrence: ReturnType<typeof occurrenceOfWork>) =>
  alertFor(occurrence, 'AC0123456789abcdef0123456789abcdef')?.kind === 'raise';

describe('on-call', () => {
  const ofWork = (errorClass: ErrorClass, attempt: UnsuccessfulWork['attempt'], step: NextStep) =>
    isRaised(occurrenceOfWork({ work: workOf(), attempt, failure: failureOfClass(errorClass), step }));
  const ofCallback = (errorClass: ErrorClass, step: NextStep) =>
    isRaised(occurrenceOfCallback(standing().state, 30_008, failureOfClass(errorClass).classification, step));

  it.each([
    ['a refusal, when it is answered', 'invalid_request', JUST_NOW, REVIEW, true],
    ['that refusal no second time, when a look-up leads to the next decision', 'invalid_request', ASKED, REVIEW, false],
    ['a fault whose retries are used up, and which goes to review', 'provider_fault', JUST_NOW, usedUp(REVIEW), true],
    [
      'a fault whose retries are used up, and which another channel takes',
      'provider_fault',
      JUST_NOW,
      usedUp(VOICE),
      true,
    ],
    [
      'a fault whose retries are used up, also where a look-up comes last',
      'provider_fault',
      ASKED,
      usedUp(REVIEW),
      true,
    ],
    ['no fault that goes to review with retries left', 'provider_fault', JUST_NOW, REVIEW, false],
    ['no fault that another channel takes with retries left', 'provider_fault', JUST_NOW, VOICE, false],
  ] as const)('hears of %s', (_, errorClass, attempt, step, heard) => {
    expect(ofWork(errorClass, attempt, step)).toBe(heard);
  });

  it.each([
    ['a message that failed after it was accepted, and goes to review', 'provider_fault', REVIEW, true],
    ['a message that failed after it was accepted, and that another channel takes', 'provider_fault', VOICE, true],
    ['no fault of a message from whose failure nothing follows', 'provider_fault', NOTHING, false],
    ['a refusal that a callback reports, whatever follows', 'content_rejected', NOTHING, true],
  ] as const)('hears of %s', (_, errorClass, step, heard) => {
    expect(ofCallback(errorClass, step)).toBe(heard);
  });
});

it('one cause is told in the words of what came last, also while what came before it is written', () => {
  const buffer = new AlarmBuffer();
  const note = (summary: string) => buffer.note(testAlarm({ summary }));
  const summaries = () => buffer.snapshot().alarms.map(({ alarm }) => alarm.summary);
  note('first');
  note('second');
  expect(summaries()).toEqual(['second']);
  const [written] = buffer.snapshot().alarms;
  if (!written) throw new Error('nothing was noted');
  note('third');
  buffer.alarmWritten(written);
  expect(summaries()).toEqual(['third']);
});
