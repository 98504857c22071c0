import { Recorder } from '../src/dispatch/recorder.js';
import { Journal } from '../src/dispatch/journal.js';
import { NotificationIntake } from '../src/outbox/notification.intake.js';
import { Outbox } from '../src/outbox/outbox.js';
import type { AcceptedAttempt, NewNotification, UnsuccessfulWork, Work } from '../src/outbox/work.js';
import type { Failure } from '../src/policy/failure.js';
import type { NextStep } from '../src/policy/next-step.js';
import { failureOfClass } from './support/failure.js';
import { newNotifications } from './support/new-notifications.js';
import { startTestService } from './support/service.js';

export const DEAD_LETTER: NextStep = { kind: 'dead_letter', reason: 'no other channel is left' };
export const RECONCILE: NextStep & { kind: 'reconcile' } = {
  kind: 'reconcile',
  at: new Date(),
  waitMs: 0,
  exhausted: false,
  spendsRetry: true,
  reason: 'it may have been accepted',
};
export const RETRY: NextStep = { kind: 'retry', at: new Date(), waitMs: 0, reason: 'a retry' };

export function fallbackTo(channel: 'sms' | 'voice'): Pick<UnsuccessfulWork, 'step' | 'nextSender'> {
  return {
    step: { kind: 'fallback', channel, reason: `${channel} is next` },
    nextSender: '+15005550006',
  };
}

export function failure(outcome: Failure['outcome'] = 'rejected'): Failure {
  return outcome === 'rejected'
    ? failureOfClass('invalid_request', {}, { rule: 'HTTP status 400' })
    : failureOfClass('provider_fault', { outcome, httpStatus: 500 }, { rule: 'HTTP status 500' });
}

export const sidOf = ({ attemptId }: Work) => `SM${attemptId.replaceAll('-', '')}`;

/** The provider answered 201 with a sid of the attempt's own. */
export function acceptanceOf(work: Work): AcceptedAttempt {
  return {
    work,
    startedAt: work.attemptStartedAt,
    durationMs: 10,
    httpStatus: 201,
    providerSid: sidOf(work),
    providerRequestId: 'RQ1',
  };
}

/** A service that accepts and dispatches nothing by itself, and its outbox by hand. */
export async function startOutbox(env: Record<string, string> = {}) {
  const started = await startTestService({ ...env, ROLE: 'api' });
  const { app } = started.service;
  const { database } = started;
  const intake = app.get(NotificationIntake);
  const outbox = app.get(Outbox);
  const recorder = app.get(Recorder, { strict: false });
  const heard: UnsuccessfulWork[] = [];
  app.get(Journal, { strict: false }).subscribe({ onUnsuccessful: (result) => void heard.push(result) });

  const enqueue = async (more: Partial<NewNotification> = {}): Promise<string> => {
    const [notification] = newNotifications(1) as [NewNotification];
    await intake.enqueue({ ...notification, ...more });
    return notification.id;
  };
  const claim = async (): Promise<Work> => {
    const [work] = await outbox.claim(1);
    if (!work) throw new Error('Nothing is due');
    return work;
  };
  const rows = async (text: string, values: readonly unknown[] = []) =>
    (await database.query<Record<string, unknown>>(text, [...values])).rows;

  return {
    ...started,
    intake,
    outbox,
    recorder,
    heard,
    enqueue,
    claim,
    rows,
    /** Accepted and leased. */
    lease: async (more: Partial<NewNotification> = {}): Promise<Work> => {
      await enqueue(more);
      return claim();
    },
    /** An attempt ended so, and it is on disk with what follows. */
    fail: (work: Work, more: Pick<UnsuccessfulWork, 'step'> & Partial<UnsuccessfulWork>) =>
      outbox.settleUnsuccessful({
        work,
        attempt: { startedAt: work.attemptStartedAt, durationMs: 10 },
        failure: failure(),
        ...more,
      }),
    accept: (work: Work) => outbox.settleAccepted(acceptanceOf(work)),
    /** The next channel takes over. */
    startDelivery: (notificationId: string, channel: 'sms' | 'voice') =>
      outbox.startDelivery(
        {
          run: async (statement, values = []) => (await database.query(statement.text, [...values])).rows,
          afterCommit: (effect) => effect(),
        },
        { notificationId, category: 'transactional', channel, sender: '+15005550006', changes: null },
      ),
    /** What the tables say of it. */
    standing: async (notificationId: string) => {
      const one = async (text: string) => (await rows(text, [notificationId]))[0]?.['value'];
      return {
        status: await one('SELECT status AS value FROM notifications WHERE id = $1'),
        channel: await one('SELECT channel AS value FROM notifications WHERE id = $1'),
        deliveries: await one(
          'SELECT array_agg(status ORDER BY number) AS value FROM deliveries WHERE notification_id = $1',
        ),
        stage: (await one('SELECT stage AS value FROM outbox WHERE notification_id = $1')) ?? null,
        deadLetters: await one('SELECT count(*)::int AS value FROM dead_letters WHERE notification_id = $1'),
      };
    },
    sentences: async (notificationId: string) =>
      (await rows('SELECT rule, sentence FROM decisions WHERE notification_id = $1 ORDER BY id', [notificationId])).map(
        ({ rule, sentence }) => `${String(rule)}: ${String(sentence)}`,
      ),
  };
}

export type OutboxUnderTest = Awaited<ReturnType<typeof startOutbox>>;

/** An attempt on WhatsApp was accepted and reported as failed; its fallback to SMS is due. */
export async function withFallbackDue(
  test: OutboxUnderTest,
  more: Partial<NewNotification> = {},
  whatsapp: 'failed' | 'queued' = 'queued',
): Promise<string> {
  const first = await test.lease({ channels: ['whatsapp', 'sms', 'voice'], ...more });
  await test.accept(first);
  const { notificationId } = first;
  await test.database.query('UPDATE deliveries SET status = $2 WHERE id = $1', [first.deliveryId, whatsapp]);
  await test.startDelivery(notificationId, 'sms');
  return notificationId;
}

/** The next step of the last failure. */
export async function lastStep({ rows }: OutboxUnderTest) {
  return (await rows('SELECT next_step AS step FROM failures ORDER BY at DESC, id DESC LIMIT 1'))[0]?.['step'];
}
