import { describe, expect, it } from 'vitest';
import { CallbackJournal } from '../src/callbacks/callback.journal.js';
import type { ProviderReport } from '../src/callbacks/provider-report.js';
import { Journal } from '../src/dispatch/journal.js';
import { DatabaseMetrics } from '../src/metrics/database.metrics.js';
import type { Readings } from '../src/metrics/readings.js';
import type { NextStep } from '../src/policy/next-step.js';
import type { Judgement } from '../src/reconciliation/judgement.js';
import { registerOf, testAlarm } from './alerts.setup.js';
import { standing } from './callbacks.standing.setup.js';
import { scrape, valueOf } from './metrics.setup.js';
import { acceptanceOf, DEAD_LETTER } from './outbox.setup.js';
import { failureOfClass } from './support/failure.js';
import { partOf } from './support/part-of.js';
import { shareTestService, startTestService } from './support/service.js';
import { workOf } from './support/work.js';

const REPORT: ProviderReport = {
  evidence: 'callback',
  attemptId: 'attempt-1',
  resource: 'message',
  providerSid: 'SM1',
  status: 'delivered',
  errorCode: null,
  params: {},
};
const UNKNOWN_CODE = failureOfClass('invalid_request', {}, { unknownCode: true });
const ATTEMPT = { startedAt: new Date(), durationMs: 10 };
const FOUND_THRICE: Judgement = {
  kind: 'accepted',
  sid: 'SM1',
  source: 'list',
  because: 'a test',
  duplicates: 2,
  record: null,
};
const RETRY: NextStep = { kind: 'retry', at: new Date(), waitMs: 0, reason: 'a test' };

describe('what is counted once it is on disk', () => {
  const service = shareTestService({ ROLE: 'api' });

  const NAMES = [
    'attempts',
    'callbacks',
    'confirmed_duplicates',
    'dead_letters',
    'settlement_stale',
    'suppressed',
    'unknown_provider_codes',
  ];
  const counts = async () => {
    const page = await scrape(service().url);
    return NAMES.map((name) => [name, valueOf(page, `postrider_${name}_total`)] as const);
  };
  type Told = (dispatch: Journal, callbacks: CallbackJournal) => void;
  const suppression = { rule: 'suppression', sentence: 'The recipient opted out.' } as const;

  it.each<[string, Told, Record<string, number>]>([
    [
      'messages that asking shows more than once are duplicates',
      (dispatch) => dispatch.reconciled(workOf(), FOUND_THRICE),
      { confirmed_duplicates: 2 },
    ],
    [
      'so is one that a callback shows to have been sent twice',
      (_, callbacks) => callbacks.acceptance('notification', REPORT, 'duplicate'),
      { confirmed_duplicates: 1, callbacks: 1 },
    ],
    [
      'so is one that two channels brought',
      (_, callbacks) => callbacks.delivered(standing().state, REPORT, 'delivered_twice'),
      { confirmed_duplicates: 1, callbacks: 1 },
    ],
    [
      'a delivery is counted by the first callback that reports it',
      (_, callbacks) => callbacks.delivered(standing({ status: 'delivered' }).state, REPORT, 'delivered'),
      {},
    ],
    [
      'what a human has corrected since is not delivered yet',
      (_, callbacks) => callbacks.delivered(standing().state, REPORT, 'superseded'),
      {},
    ],
    [
      'a callback may bring an unknown code and a dead letter',
      (_, callbacks) => callbacks.failed(standing().state, REPORT, UNKNOWN_CODE.classification, DEAD_LETTER),
      { callbacks: 1, dead_letters: 1, unknown_provider_codes: 1 },
    ],
    [
      'an answer that came too late was to a request that was made',
      (dispatch) => dispatch.stale(acceptanceOf(workOf())),
      { attempts: 1, settlement_stale: 1 },
    ],
    [
      'and so was a refusal that came too late',
      (dispatch) => dispatch.stale({ work: workOf(), attempt: ATTEMPT, failure: UNKNOWN_CODE, step: RETRY }),
      { attempts: 1, settlement_stale: 1 },
    ],
    [
      'an attempt that a look-up shows accepted was counted when it was made',
      (dispatch) => dispatch.accepted({ ...acceptanceOf(workOf()), httpStatus: null }),
      {},
    ],
    [
      'an unknown code is counted with its attempt, not again with a decision that follows',
      (dispatch) => {
        const refused = { work: workOf(), failure: UNKNOWN_CODE, step: RETRY };
        dispatch.unsuccessful({ ...refused, attempt: ATTEMPT });
        dispatch.unsuccessful({ ...refused, attempt: null });
      },
      { attempts: 1, unknown_provider_codes: 1 },
    ],
    [
      'what is not sent since the recipient opted out is no attempt',
      (dispatch) =>
        dispatch.unsuccessful({
          work: workOf(),
          attempt: null,
          failure: null,
          step: { kind: 'none', reason: 'opted out' },
          decision: suppression,
        }),
      { suppressed: 1 },
    ],
  ])('%s', async (_, tell, added) => {
    const before = new Map(await counts());
    tell(partOf(service().service, Journal), partOf(service().service, CallbackJournal));
    const grown = (await counts()).map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
    expect(Object.fromEntries(grown.filter(([, by]) => by !== 0))).toEqual(added);
  });
});

it('what is open is shown, a recovering circuit included, and nothing that is over', async () => {
  const { service, database, url } = await startTestService({ ROLE: 'api' });
  await database.query(`
    UPDATE circuits SET state = 'half_open', cause = 'incident', reason = 'test', opened_at = service_now()
    WHERE scope = 'resource:sms'`);
  await database.query(`
    INSERT INTO incidents (id, started_at, ended_at, resources, cause)
    SELECT new_uuid_v7(), service_now(), ended_at, '{sms}', 'test'
    FROM (VALUES (NULL::timestamptz), (service_now()), (service_now())) AS v (ended_at)`);
  for (const cause of ['over', 'open']) await registerOf(service).raise(testAlarm({ cause }), { count: { added: 1 } });
  await registerOf(service).resolve('over', 'It is over.');
  const page = await scrape(url);
  expect(valueOf(page, 'postrider_circuits_open', { scope: 'resource', cause: 'incident' })).toBe(1);
  expect(valueOf(page, 'postrider_incidents_open')).toBe(1);
  expect(valueOf(page, 'postrider_alerts_open')).toBe(1);
});

it('a circuit that has closed is not shown as open any more', async () => {
  const metrics = new DatabaseMetrics();
  const nothing: Readings = {
    backlog: [],
    held: 0,
    circuits: [],
    incidents: 0,
    deadLetters: 0,
    oldestDeadLetterSeconds: 0,
    alerts: [],
    sinks: [],
  };
  const open = await metrics.render({ ...nothing, circuits: [{ scope: 'account', cause: 'quota', count: 1 }] });
  expect(valueOf(open, 'postrider_circuits_open')).toBe(1);
  expect(valueOf(await metrics.render(nothing), 'postrider_circuits_open')).toBe(0);
});
