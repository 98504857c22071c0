import { expect } from 'vitest';
import type { ProviderReport } from '../src/callbacks/provider-report.js';
import { ReportApplier } from '../src/callbacks/report.applier.js';
import type { Work } from '../src/outbox/work.js';
import type { Failure } from '../src/policy/failure.js';
import { acceptanceOf, RETRY, sidOf, startOutbox } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { failureOfClass } from './support/failure.js';

/** The provider's answer to an attempt that it refused. */
const REFUSED = failureOfClass(
  'invalid_request',
  {
    outcome: 'rejected',
    httpStatus: 400,
    providerCode: 21_211,
    providerMessage: 'Invalid To',
    providerBody: '{"code":21211}',
  },
  { rule: 'Twilio code 21211' },
);

/** An outbox by hand, whose answers and callbacks come when the test says so. */
export async function startLate(env: Record<string, string> = {}) {
  const test = await startOutbox(env);
  const reports = test.service.app.get(ReportApplier, { strict: false });
  return {
    ...test,
    /** Its lease runs out, and another process takes it over. */
    takenOver: async (work: Work): Promise<Work> => {
      await moveClock(test.databaseUrl, 60_000);
      await test.outbox.rescue();
      const again = await test.claim();
      expect(again).toMatchObject({ attemptId: work.attemptId, stage: 'reconcile' });
      return again;
    },
    /** The process that made the attempt has its answer at last. */
    answered: async (work: Work) => {
      test.recorder.accepted(acceptanceOf(work));
      await test.recorder.settled();
    },
    /** Another process has asked for `work`, and found this sid. */
    adopted: async (work: Work, providerSid: string) => {
      const attempt = { ...acceptanceOf(work), httpStatus: null, providerRequestId: null, durationMs: 0, providerSid };
      test.recorder.adopted(attempt, { rule: 'reconciliation', sentence: 'The list shows it.' }, null);
      await test.recorder.settled();
    },
    refused: async (work: Work, failure: Failure = REFUSED) => {
      const attempt = { startedAt: work.attemptStartedAt, durationMs: 10 };
      test.recorder.unsuccessful({ work, attempt, failure, step: RETRY });
      await test.recorder.settled();
    },
    calledBack: (work: Work, providerSid = sidOf(work), status = 'sent', errorCode: number | null = null) =>
      reports.apply({ ...reportOf(work, providerSid, status, 'callback'), errorCode }),
    /** The provider was asked for `providerSid` when that was the attempt's, and answers now. */
    receiptCame: (work: Work, providerSid: string, status: string) =>
      reports.apply(reportOf(work, providerSid, status, 'receipt'), {
        rule: 'missing receipt',
        sentence: 'It was asked.',
      }),
    attempts: () =>
      test.rows(`SELECT number, outcome, http_status AS http, provider_sid AS sid, possible_duplicate AS duplicate
        FROM attempts ORDER BY number, id`),
    failures: () =>
      test.rows(`SELECT a.number, f.outcome, f.http_status AS http, f.provider_code AS code, f.error_class AS class,
          f.rule, f.next_step ->> 'kind' AS next
        FROM failures f JOIN attempts a ON a.id = f.attempt_id ORDER BY a.number, f.id`),
  };
}

export type LateUnderTest = Awaited<ReturnType<typeof startLate>>;

/** The lease of the first attempt ran out, and the second one is in flight. */
export async function sentAgain(test: LateUnderTest): Promise<{ first: Work; second: Work }> {
  const first = await test.lease({ channels: ['sms'] });
  const second = await test.outbox.beginResend(await test.takenOver(first), 'It was not there.');
  if (!second) throw new Error('The lease has moved on');
  return { first, second };
}

/** A human has it sent again, to another number. */
export async function retriedTo({ api, rows }: LateUnderTest, to: string): Promise<void> {
  const [letter] = await rows('SELECT id FROM dead_letters');
  const answer = await api.post(`/v1/admin/dead-letters/${String(letter?.['id'])}/retry`, { changes: { to } });
  expect(answer.status).toBe(200);
}

export function reportOf(
  work: Work,
  providerSid: string,
  status: string,
  evidence: ProviderReport['evidence'],
): ProviderReport {
  return {
    evidence,
    attemptId: work.attemptId,
    resource: 'message',
    providerSid,
    status,
    errorCode: null,
    params: { MessageSid: providerSid, MessageStatus: status },
  };
}
