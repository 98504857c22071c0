import type { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { newId } from '../src/identifiers/new-id.js';
import { START_DELIVERY } from '../src/outbox/start-delivery.sql.js';
import { PRIORITY } from '../src/outbox/work.js';
import { PATIENT, Story } from './callbacks.setup.js';
import { startHeldProvider } from './support/held-provider.js';
import { shareTestService } from './support/service.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

const provider = await startHeldProvider();
const service = shareTestService({ ...PATIENT, TWILIO_BASE_URL: provider.url });

let numbers = 0;

/** WhatsApp accepted it; SMS would be next. */
async function accepted(more: Record<string, unknown> = {}) {
  numbers += 1;
  const to = `+1555128${String(numbers).padStart(4, '0')}`;
  const story = await Story.begin(service(), provider, to, ['whatsapp', 'sms'], more);
  return { story, ...(await story.accepted(0)) };
}

/** Another process that is about to hold the notification as everybody does: its outbox row first. */
async function withOutboxRow({ id }: Story): Promise<Client> {
  const other = await startTransaction(service().databaseUrl);
  await other.query('SELECT 1 FROM outbox WHERE notification_id = $1 FOR UPDATE', [id]);
  return other;
}

async function otherProcess(story: Story): Promise<Client> {
  const other = await withOutboxRow(story);
  await other.query('SELECT 1 FROM notifications WHERE id = $1 FOR UPDATE', [story.id]);
  return other;
}

/** No dispatcher takes it meanwhile: it is not due yet. */
async function startFallback(other: Client, { id }: Story): Promise<void> {
  await other.query(START_DELIVERY.text, [id, newId(), 'sms', '+15005550006', null, PRIORITY.transactional, []]);
  await other.query(`UPDATE outbox SET due_at = due_at + interval '1 minute' WHERE notification_id = $1`, [id]);
}

/** What the callback finds once the other process is done. */
async function reportedDuring(
  other: Client,
  { story, attemptId, sid }: { story: Story; attemptId: string; sid: string },
  status: string,
  code?: number,
) {
  const reported = story.reports(attemptId, sid, status, code);
  await untilSomebodyWaits(service().databaseUrl);
  await other.query('COMMIT');
  return reported;
}

describe('a receipt that comes while the fallback is decided', () => {
  it.each([
    ['with a watch', { fallbackAfterSeconds: 86_400 }, 'delivered'],
    ['without one', {}, 'delivered'],
    ['as it was read', {}, 'read'],
  ])('stops it, %s', async (_, more, said) => {
    const whatsapp = await accepted(more);
    const { story } = whatsapp;
    const other = await otherProcess(story);
    await startFallback(other, story);
    const delivered = await reportedDuring(other, whatsapp, said);
    expect(delivered.status).toBe('delivered');
    expect(delivered.deliveries.map(({ status }) => status)).toEqual(['delivered', 'canceled']);
    expect(await story.work()).toBeNull();
  });
});

it.each([
  ['a receipt', 'delivered', undefined, 'delivered'],
  ['a failure', 'undelivered', 30_007, 'failed'],
] as const)(
  '%s that waits for the outbox row leaves its notification to whoever has that row',
  async (_, said, code, status) => {
    const whatsapp = await accepted({ fallbackAfterSeconds: 86_400 });
    const { story, attemptId, sid } = whatsapp;
    const other = await withOutboxRow(story);
    const reported = story.reports(attemptId, sid, said, code);
    await untilSomebodyWaits(service().databaseUrl);
    await other.query('SELECT 1 FROM notifications WHERE id = $1 FOR UPDATE NOWAIT', [story.id]);
    await other.query('COMMIT');
    expect((await reported).status).toBe(status);
  },
);

describe('a failed callback that had to wait for its notification', () => {
  it('sees the fallback that was started meanwhile', async () => {
    const whatsapp = await accepted();
    const { story } = whatsapp;
    const other = await otherProcess(story);
    await startFallback(other, story);
    const failed = await reportedDuring(other, whatsapp, 'undelivered', 63016);
    expect(failed).toMatchObject({ status: 'queued', channel: 'sms', deadLetter: null });
    expect(failed.deliveries).toHaveLength(2);
    expect(await story.stepsAfterCallbacks()).toEqual([
      { kind: 'none', reason: 'another delivery has taken over already' },
    ]);
    await story.timePasses();
    await story.accepted(1);
  });

  it('sees that the delivery was delivered meanwhile', async () => {
    const whatsapp = await accepted();
    const { story } = whatsapp;
    const other = await otherProcess(story);
    await other.query(`UPDATE deliveries SET status = 'delivered' WHERE notification_id = $1`, [story.id]);
    await other.query(`UPDATE notifications SET status = 'delivered', delivered_at = now() WHERE id = $1`, [story.id]);
    expect((await reportedDuring(other, whatsapp, 'undelivered', 63016)).status).toBe('delivered');
    expect(await story.stepsAfterCallbacks()).toEqual([]);
  });
});
