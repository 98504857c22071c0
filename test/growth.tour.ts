import { expect } from 'vitest';
import {
  END_DELIVERY,
  FAIL_NOTIFICATION,
  KEEP_CALLBACK,
  RECORD_FAILED_CALLBACK,
} from '../src/callbacks/apply-report.sql.js';
import {
  FIND_NOTIFICATION_OF_ATTEMPT,
  LOCK_NOTIFICATION,
  LOCK_OUTBOX_ROW,
  READ_STATE,
} from '../src/callbacks/attempt-state.sql.js';
import { RECORD_PROGRESS } from '../src/callbacks/record-progress.sql.js';
import { Database, type Statement } from '../src/database/database.js';
import { FIND_DEAD_LETTER } from '../src/dead-letters/dead-letter.sql.js';
import { LIST_FAILURES } from '../src/failures/failure.sql.js';
import { LOCK_CANDIDATES, MARK_RESOLVED } from '../src/dead-letters/resolve.sql.js';
import { CANCEL } from '../src/outbox/cancel.sql.js';
import { CLAIM } from '../src/outbox/claim.sql.js';
import { ENQUEUE, FIND_BY_KEY } from '../src/outbox/enqueue.sql.js';
import { RESCUE } from '../src/outbox/rescue.sql.js';
import { Outbox } from '../src/outbox/outbox.js';
import { SETTLE_ACCEPTED } from '../src/outbox/settle-accepted.sql.js';
import { START_DELIVERY } from '../src/outbox/start-delivery.sql.js';
import { SETTLE_UNSUCCESSFUL } from '../src/outbox/settle-unsuccessful.sql.js';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import type { Work } from '../src/outbox/work.js';
import { EVIDENCE, OWNED_SIDS, RIVALS } from '../src/reconciliation/evidence.sql.js';
import type { Execution } from './growth.executions.js';
import { Life } from './growth.life.js';
import type { ObservedService } from './growth.setup.js';
import { newNotifications } from './support/new-notifications.js';

/** What a step of the tour cost; of several statements the sum. */
export type Cost = Pick<Execution, 'pages' | 'rows' | 'walBytes' | 'seqScans'>;
export type Costs = Readonly<Partial<Record<string, Cost>>>;

/** The steps of the tour, by name. */
export const HOT_STEPS = [
  'accept',
  'accept again',
  'claim',
  'put off',
  'settle',
  'report sent',
  'report delivered',
  'give up',
  'report undelivered',
  'retry by hand',
  'cancel',
  'rescue',
  'find evidence',
  'find owners and rivals',
  'look one up',
  'look a dead letter up',
  'list',
  'list by recipient',
  'failures',
  'summary',
] as const;
type HotStep = (typeof HOT_STEPS)[number];

type Belongs = (text: string) => boolean;

/** A stretch of time. */
export interface Span {
  readonly from: Date;
  readonly until: Date;
}

const A_DAY = 86_400_000;

const is =
  (...statements: readonly Statement[]): Belongs =>
  (text) =>
    statements.some((statement) => statement.text.trim() === text);

/** TypeORM quotes every name; nothing else here does. */
const isOfTypeOrm: Belongs = (text) => text.startsWith('SELECT "');
const isHistory: Belongs = (text) => text.includes('AS "deadLetter",');
const isSummary: Belongs = (text) => /FROM failures f\s.*GROUP BY/s.test(text);

/**
 * Every hot statement once, for `size` notifications each where it takes many, as the code runs it: the service's own
 * objects make the parameters, its own connections hold the plans. What else the service runs is left out.
 * @param span what the summary covers: it should hold as many failures however long the history is.
 */
export async function tour(service: ObservedService, size: number, span: Span): Promise<Costs> {
  const life = new Life(service);
  const { api, app } = service;
  const database = app.get(Database);
  const costs: Partial<Record<HotStep, Cost>> = {};
  const step = async <T>(name: HotStep, belongs: Belongs, run: () => Promise<T>): Promise<T> => {
    const { executions, result } = await service.executions.during(run);
    costs[name] = costOf(executions.filter(({ text }) => belongs(text)));
    return result;
  };

  const fresh = newNotifications(size);
  await step('accept', is(ENQUEUE), () => life.accept(fresh));
  await step('accept again', is(ENQUEUE, FIND_BY_KEY), () => life.accept(fresh));
  const sent = await step('claim', is(CLAIM), () => life.claim(size));
  await step('settle', is(SETTLE_ACCEPTED), () => life.settle(sent));
  await step('report sent', is(RECORD_PROGRESS), () => life.report(sent, 'sent'));
  await step('report delivered', is(RECORD_PROGRESS), () => life.report(sent, 'delivered'));
  const hopeless = await another(life, size);
  await step('give up', is(SETTLE_UNSUCCESSFUL), () => life.refuse(hopeless, GIVE_UP));
  const lost = await another(life, size);
  await life.settle(lost);
  await step('report undelivered', is(...APPLY_A_FAILURE), () => life.report(lost, 'undelivered'));
  const letters = await database.run<{ id: string }>(OPEN_LETTERS, [lost.map(({ notificationId }) => notificationId)]);
  await step('retry by hand', is(LOCK_CANDIDATES, START_DELIVERY, MARK_RESOLVED), async () => {
    for (const { id } of letters) expect((await api.post(`/v1/admin/dead-letters/${id}/retry`, {})).status).toBe(200);
  });
  await step('cancel', is(CANCEL), async () => {
    for (const { notificationId } of lost) expect(await app.get(Outbox).cancel(notificationId)).toBe(true);
  });
  const early = await another(life, size);
  await step('put off', is(SETTLE_UNSUCCESSFUL), () => life.refuse(early, PUT_OFF));
  await step('rescue', is(RESCUE), () => app.get(Outbox).rescue(size));

  const asked = early[0];
  await step('find evidence', is(EVIDENCE), () =>
    database.run(EVIDENCE, [asked?.attemptId, asked?.deliveryId, asked?.notificationId]),
  );
  await step('find owners and rivals', is(OWNED_SIDS, RIVALS), async () => {
    await database.run(OWNED_SIDS, [['SM0'], asked?.deliveryId, asked?.recipient, new Date(0), new Date()]);
    await database.run(RIVALS, [asked?.recipient, asked?.notificationId, 'sms', new Date(0)]);
  });

  const id = sent[0]?.notificationId;
  await step('look one up', isHistory, () => api.get(`/v1/notifications/${id}`));
  const { deadLetter } = (await api.get<NotificationDto>(`/v1/notifications/${hopeless[0]?.notificationId}`)).body;
  await step('look a dead letter up', is(FIND_DEAD_LETTER), () => api.get(`/v1/admin/dead-letters/${deadLetter?.id}`));
  await step('list', isOfTypeOrm, () => api.get('/v1/notifications'));
  await step('list by recipient', isOfTypeOrm, () => api.get('/v1/notifications?to=%2B15550000001'));
  await step('failures', is(LIST_FAILURES), () => api.get('/v1/admin/failures'));
  const query = new URLSearchParams({ from: span.from.toISOString(), until: span.until.toISOString(), bucket: 'day' });
  await step('summary', isSummary, () => api.get(`/v1/admin/failures/summary?${query.toString()}`));
  return costs;
}

const APPLY_A_FAILURE = [
  FIND_NOTIFICATION_OF_ATTEMPT,
  LOCK_OUTBOX_ROW,
  LOCK_NOTIFICATION,
  READ_STATE,
  KEEP_CALLBACK,
  RECORD_FAILED_CALLBACK,
  END_DELIVERY,
  FAIL_NOTIFICATION,
];

const OPEN_LETTERS: Statement = {
  name: 'open-letters',
  plan: 'each_time',
  text: `SELECT id FROM dead_letters WHERE notification_id = ANY ($1) AND state = 'open'`,
};

const GIVE_UP = { kind: 'dead_letter', reason: 'no automatic step is left' } as const;
const PUT_OFF = {
  kind: 'retry',
  at: new Date(Date.now() + A_DAY),
  waitMs: A_DAY,
  reason: 'not now',
} as const;

async function another(life: Life, size: number): Promise<readonly Work[]> {
  await life.accept(newNotifications(size));
  return life.claim(size);
}

function costOf(executions: readonly Execution[]): Cost {
  if (executions.length === 0) throw new Error('Nothing that belongs to the step was run');
  const total = (of: (execution: Execution) => number) => executions.reduce((sum, each) => sum + of(each), 0);
  return {
    pages: total(({ pages }) => pages),
    rows: total(({ rows }) => rows),
    walBytes: total(({ walBytes }) => walBytes),
    seqScans: executions.flatMap(({ seqScans }) => seqScans),
  };
}
