import { describe, expect, it } from 'vitest';
import { alarmOf } from '../src/alerts/alarm.js';
import { alertmanagerAlert } from '../src/alerts/sinks/alertmanager.sink.js';
import type { AlertNews } from '../src/alerts/alert.news.js';
import { AlarmBuffer } from '../src/alerts/alarm.buffer.js';
import { alertFor, severityOfCause } from '../src/alerts/alert.policy.js';
import { backlogAlarm } from '../src/alerts/backlog.watch.js';
import { waitAfterFailure } from '../src/alerts/courier.policy.js';
import { occurrenceOfWork, type Occurrence, type OccurredFailure } from '../src/alerts/occurrence.js';
import { accountScope, circuitId, senderScope } from '../src/incidents/circuit.scope.js';
import type { FailureScope } from '../src/policy/failure.js';
import type { ErrorClass } from '../src/policy/vocabulary.js';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';
import { workOf } from './support/work.js';

const ACCOUNT = 'AC0123456789abcdef0123456789abcdef';
const SENDER = '+15005550006';

function failure(
  errorClass: ErrorClass,
  httpStatus: number | null = 400,
  providerCode: number | null = null,
  scope: FailureScope = 'message',
): OccurredFailure {
  return { httpStatus, providerCode, classification: { errorClass, scope, rule: `Twilio code ${providerCode}` } };
}

function occurrence(overrides: Partial<Occurrence>): Occurrence {
  return {
    notificationId: '0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10',
    channel: 'sms',
    sender: SENDER,
    category: 'otp',
    failure: null,
    fresh: true,
    step: 'dead_letter',
    exhausted: true,
    heldBy: null,
    ...overrides,
  };
}

const decide = (overrides: Partial<Occurrence>) => alertFor(occurrence(overrides), ACCOUNT);
const severityOf = (overrides: Partial<Occurrence>) => {
  const decision = decide(overrides);
  return decision?.kind === 'raise' ? decision.severity : null;
};

describe('which class leads to which alert', () => {
  it.each([
    ['invalid_request', 'error'],
    ['permission', 'error'],
    ['not_found', 'error'],
    ['content_rejected', 'error'],
    ['authentication', 'critical'],
    ['quota_exhausted', 'critical'],
    ['rate_limited', 'warning'],
    ['provider_fault', 'critical'],
    ['recipient_unreachable', null],
    ['channel_unavailable', null],
    ['opted_out', null],
  ] as const)('%s that ends a critical send: %s', (errorClass, severity) => {
    expect(severityOf({ failure: failure(errorClass) })).toBe(severity);
  });

  it.each(['retry', 'reconcile'] as const)(
    'says nothing of faults and rate limits while the next step is %s',
    (step) => {
      expect(severityOf({ failure: failure('provider_fault', 503), step, exhausted: false })).toBeNull();
      expect(severityOf({ failure: failure('rate_limited', 429), step, exhausted: false })).toBeNull();
    },
  );

  it('says nothing of a fault that went to review before its retries were used up', () => {
    expect(severityOf({ failure: failure('provider_fault', null), exhausted: false })).toBeNull();
  });

  it('hears of used-up retries also where another channel takes over', () => {
    expect(severityOf({ failure: failure('provider_fault', 503), step: 'fallback' })).toBe('critical');
  });

  it('wakes nobody for marketing', () => {
    expect(severityOf({ failure: failure('provider_fault', 503), category: 'marketing' })).toBe('warning');
  });

  it('hears of a channel only when the sender itself is the reason', () => {
    const unavailable = failure('channel_unavailable', null, 63007, 'sender');
    expect(severityOf({ failure: unavailable, step: 'fallback' })).toBe('error');
    expect(severityOf({ failure: failure('channel_unavailable', null, 63003, 'recipient') })).toBeNull();
  });

  it('counts a failure once, not again with the decision that follows from it later', () => {
    expect(severityOf({ failure: failure('invalid_request'), fresh: false })).toBeNull();
    expect(severityOf({ failure: failure('provider_fault', 503), fresh: false })).toBe('critical');
  });

  it('counts what waits on the alert about what holds it', () => {
    expect(decide({ step: 'hold', heldBy: 'an-incident' })).toEqual({ kind: 'count', subjectId: 'an-incident' });
    expect(decide({ step: 'hold' })).toBeNull();
    expect(decide({ step: 'none' })).toBeNull();
  });

  it('counts a send once, however often what let it out holds it again: a probe that failed, a broken ramp', () => {
    const held = { attempt: null, failure: null, step: { kind: 'hold', reason: 'it is open' }, heldBy: 'sms' } as const;
    const counted = (releasedBy: string | null) =>
      alertFor(occurrenceOfWork({ work: workOf({ releasedBy }), ...held, incidentId: 'an-incident' }), ACCOUNT);
    expect(counted(null)).toEqual({ kind: 'count', subjectId: 'an-incident' });
    expect(counted('the sender')).toEqual({ kind: 'count', subjectId: 'an-incident' });
    expect(counted('sms')).toBeNull();
  });
});

describe('what belongs into one alert', () => {
  const causeFor = (overrides: Partial<Occurrence>) => {
    const decision = decide(overrides);
    return decision?.kind === 'raise' ? decision.group.cause : null;
  };

  it('groups request errors by HTTP status and provider code', () => {
    expect(causeFor({ failure: failure('invalid_request', 400, 21211) })).toBe('request_errors:400:21211');
    expect(causeFor({ failure: failure('invalid_request', 400, 21212) })).toBe('request_errors:400:21212');
    expect(causeFor({ failure: failure('not_found', 404) })).toBe('request_errors:404:none');
    expect(causeFor({ failure: failure('content_rejected', null, 30007) })).toBe('request_errors:callback:30007');
  });

  it('finds the same cause as the circuit of the account or the sender', () => {
    const account = circuitId(accountScope(ACCOUNT));
    const whatsapp = circuitId(senderScope('whatsapp', SENDER));
    expect(causeFor({ failure: failure('authentication', 401, 20003) })).toBe(`authentication:${account}`);
    const tooFast = failure('rate_limited', 429, null, 'sender');
    expect(causeFor({ failure: tooFast, channel: 'whatsapp' })).toBe(`rate_limit:${whatsapp}`);
  });

  it('names no sender where only a carrier or a recipient is limited', () => {
    const capped = failure('rate_limited', null, 30023, 'recipient');
    expect(causeFor({ failure: capped })).toBe('request_errors:callback:30023');
  });

  it('is as severe as the policy says where a circuit reports it', () => {
    const causes = ['incident', 'authentication', 'quota', 'rate_limit', 'sender_unavailable'] as const;
    expect(causes.map(severityOfCause)).toEqual(['critical', 'critical', 'critical', 'warning', 'error']);
  });
});

describe('the words', () => {
  const word = (overrides: Partial<Occurrence> & { failure: OccurredFailure }) => {
    const occurred = occurrence(overrides);
    const decision = alertFor(occurred, ACCOUNT);
    if (decision?.kind !== 'raise') throw new Error('no alert');
    return alarmOf(decision, occurred, TWILIO_ERROR_CODES);
  };

  it('say what a known code means and what to do about it', () => {
    const alarm = word({ failure: failure('invalid_request', 400, 21602) });
    expect(alarm.summary).toMatch(/^The provider answers 400 with code 21602 \(.+\): invalid_request\.$/);
    expect(alarm.advice).toBe(TWILIO_ERROR_CODES.get(21602)?.action);
  });

  it('say that a code is unknown', () => {
    expect(word({ failure: failure('invalid_request', 418, 99999) }).summary).toContain(
      'code 99999, which is not in the error catalogue',
    );
  });

  it('of used-up retries say nothing that need not be so, and no word of the code', () => {
    const summaryOf = (rule: string) => {
      const { classification, ...answer } = failure('provider_fault', null);
      return word({ failure: { ...answer, classification: { ...classification, rule } } }).summary;
    };
    expect(summaryOf('no answer (timeout_after_write)')).toContain('(the last: no answer (timeout after write))');
    const lost = summaryOf('the lease expired');
    expect(lost).toContain('a process of the service stopped before it had the answer');
    expect(lost).not.toMatch(/provider fails|lease/);
  });

  it('say how a call or a message ended that has no code', () => {
    const { classification, ...answer } = failure('invalid_request', null);
    const canceled = { ...answer, classification: { ...classification, rule: 'call status canceled' } };
    expect(word({ failure: canceled }).summary).toBe(
      'What the provider had accepted fails with call status canceled: invalid_request.',
    );
  });

  it('hold no whole number', () => {
    const alarm = word({ failure: failure('rate_limited', 429, null, 'sender') });
    expect(JSON.stringify(alarm)).not.toContain(SENDER);
    expect(alarm.summary).toContain('+150•••0006');
    expect(alarm.facts).toMatchObject({ circuitId: circuitId(senderScope('sms', SENDER)) });
  });

  it.each([
    ['12345', 'sms', 'sender:12345'],
    ['Acme', 'sms', 'sender:Acme'],
    [`MG${'0'.repeat(32)}`, 'whatsapp', `sender:whatsapp:MG${'0'.repeat(32)}`],
    ['+14155238886', 'whatsapp', 'sender:whatsapp:+141•••8886'],
  ] as const)('name the sender %s whole unless it is a number', (sender, channel, named) => {
    const alarm = word({ sender, channel, failure: failure('rate_limited', 429, null, 'sender') });
    expect(alarm.summary).toContain(`${named}: sends fail`);
    expect(alarm.facts).toMatchObject({ scope: named });
  });

  it('name every category that waits', () => {
    const alert = { category: 'alert', depth: 7, oldestSeconds: 400.4 } as const;
    const otp = { category: 'otp', depth: 2, oldestSeconds: 301 } as const;
    expect(backlogAlarm('critical', [otp, alert], 300)).toMatchObject({
      cause: 'backlog:critical',
      severity: 'critical',
      summary: 'Due notifications have waited for more than 300 s: otp for 301 s (2 due), alert for 400 s (7 due).',
      facts: { oldestSeconds: 400 },
    });
  });
});

describe('the buffer', () => {
  const alarm = (cause: string) => ({
    ...backlogAlarm('critical', [{ category: 'otp', depth: 1, oldestSeconds: 301 }], 300),
    cause,
  });

  it('adds up, and keeps what comes while it is written', () => {
    const buffer = new AlarmBuffer();
    buffer.note(alarm('a'));
    buffer.note(alarm('a'));
    const [noted] = buffer.snapshot().alarms;
    if (!noted) throw new Error('nothing was noted');
    buffer.note(alarm('a'));
    buffer.alarmWritten(noted);
    expect(noted.count).toBe(2);
    expect(buffer.snapshot().alarms).toMatchObject([{ alarm: { cause: 'a' }, count: 1 }]);
  });

  it('stays bounded, and loses no count', () => {
    const buffer = new AlarmBuffer();
    for (let code = 0; code < 5000; code += 1) buffer.note(alarm(`request_errors:400:${code}`));
    const { alarms } = buffer.snapshot();
    expect(alarms.length).toBeLessThanOrEqual(203);
    expect(alarms.reduce((sum, { count }) => sum + count, 0)).toBe(5000);
  });
});

describe('the wait after a failure', () => {
  it('doubles from 1 s to 5 min and only ever grows by its jitter', () => {
    expect([0, 1, 2, 8, 9, 1000].map((failures) => waitAfterFailure(failures, 0, 0, null))).toEqual([
      1000, 2000, 4000, 256_000, 300_000, 300_000,
    ]);
    expect(waitAfterFailure(0, 0.999, 0, null)).toBe(1200);
  });

  it('is no longer than the time after which a sink is told again anyway, unless it asks for more', () => {
    expect([0, 5, 6, 1000].map((failures) => waitAfterFailure(failures, 0, 0, 60_000))).toEqual([
      1000, 32_000, 60_000, 60_000,
    ]);
    expect(waitAfterFailure(6, 0, 120_000, 60_000)).toBe(120_000);
  });
});

describe('the times Alertmanager hears', () => {
  const openedAt = new Date('2026-11-22T09:00:00Z');
  const resolvedAt = new Date('2026-11-22T09:10:00Z');
  const news = (change: AlertNews['change']): AlertNews => ({
    ...backlogAlarm('critical', [{ category: 'otp', depth: 1, oldestSeconds: 301 }], 300),
    id: '0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10',
    change,
    version: 1,
    toldVersion: 0,
    count: 1,
    openedAt,
    updatedAt: resolvedAt,
    resolvedAt: change === 'resolved' ? resolvedAt : null,
    ending: null,
    link: 'http://127.0.0.1/v1/admin/alerts/1',
  });
  const endsAt = (change: AlertNews['change'], now: string) => alertmanagerAlert(news(change), new Date(now)).endsAt;

  it('are five minutes ahead while it is open', () => {
    expect(endsAt('repeated', '2026-11-22T09:05:00Z')).toBe('2026-11-22T09:10:00.000Z');
  });

  it('are over at once, though the clock of the database is ahead, and never before it began', () => {
    expect(endsAt('resolved', '2026-11-22T09:11:00Z')).toBe('2026-11-22T09:10:00.000Z');
    expect(endsAt('resolved', '2026-11-22T09:09:00Z')).toBe('2026-11-22T09:09:00.000Z');
    expect(endsAt('resolved', '2026-11-22T08:00:00Z')).toBe('2026-11-22T09:00:00.000Z');
  });
});
