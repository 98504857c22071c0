import { expect, it } from 'vitest';
import { newId } from '../src/identifiers/new-id.js';
import { START_DELIVERY } from '../src/outbox/start-delivery.sql.js';
import { newSid, Story } from './callbacks.setup.js';
import { startHeldProvider } from './support/held-provider.js';
import { Provider, startTestService } from './support/service.js';
import { startTransaction } from './support/transactions.js';

it.each([
  { what: 'a notification', at: (id: string) => `/${id}`, table: 'deliveries' },
  { what: 'an explanation', at: (id: string) => `/${id}/explain`, table: 'decisions' },
  { what: 'a list', at: () => '', table: 'outbox' },
])('reads $what as it stood at one moment, also where it changes before its $table are read', async ({ at, table }) => {
  const service = await startTestService({ ROLE: 'api' }, { callbacks: 'none' });
  const { api, database, databaseUrl } = service;
  const worker = await service.replica({ ROLE: 'worker' });
  const channels = ['whatsapp', 'sms'];
  const id = await api.send({ to: '+15551279000', channels, body: 'Hello', fallbackAfterSeconds: 600 });
  await api.untilStatus(id, 'sent');
  await worker.close();
  const read = async () => (await api.get(`/v1/notifications${at(id)}`)).body;
  const before = await read();

  const fallback = await startTransaction(databaseUrl);
  await fallback.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  const meanwhile = read();
  const reads = `SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE '%SELECT%FROM%${table}%'`;
  await expect.poll(async () => (await database.query(reads)).rows.length).toBe(1);
  await fallback.query(START_DELIVERY.text, [id, newId(), 'sms', '+15005550006', null, 1, []]);
  await fallback.query('COMMIT');
  const [seen, after] = [await meanwhile, await read()];
  expect(after).not.toEqual(before);
  // One statement waits for its locks before its moment; in a transaction, the first statement has set it.
  expect(seen).toEqual(at(id) === `/${id}` ? after : before);
});

it('shows a channel that was passed over as never begun, and is not found by it, while the next one is tried', async () => {
  const { api, database, simulator } = await startTestService({ RETRY_BASE_MS: '600000', RETRY_BUDGET_MS: '86400000' });
  const to = '+15551279001';
  await database.query(
    `INSERT INTO unavailable_channels (recipient, channel, provider_code, until)
     VALUES ($1, 'whatsapp', 63003, now() + interval '1 hour')`,
    [to],
  );
  await new Provider(simulator.url).fail(to, { fault: { kind: 'status', status: 503 } });
  const id = await api.send({ to, channels: ['whatsapp', 'sms'], body: 'Hello' });
  const { deliveries } = await api.until(id, (seen) => seen.deliveries[1]?.attempts.length === 1);
  expect(deliveries).toMatchObject([
    { channel: 'whatsapp', startedAt: null, attempts: [] },
    { channel: 'sms', startedAt: deliveries[1]?.attempts[0]?.startedAt },
  ]);
  const found = async (channel: string) =>
    (await api.get<{ items: { id: string }[] }>(`/v1/notifications?channel=${channel}`)).body.items.length;
  expect([await found('whatsapp'), await found('sms')]).toEqual([0, 1]);
});

it('shows an attempt that turned out to be accepted without the failure that had put it in doubt', async () => {
  const { api, simulator } = await startTestService();
  const to = '+15551279002';
  const fault = { kind: 'accepted_then', status: 500 };
  await new Provider(simulator.url).fail(to, { times: 1, match: { resource: 'messages' }, fault });
  const { deliveries } = await api.untilStatus(await api.send({ to, channels: ['sms'], body: 'Hello' }), 'delivered');
  expect(deliveries.flatMap(({ attempts }) => attempts)).toMatchObject([
    { number: 1, outcome: 'accepted', errorClass: null, providerCode: null, nextStep: { kind: 'none' } },
  ]);
});

it('shows a channel that is on its way as sending, also where the one before has delivered the notification', async () => {
  const provider = await startHeldProvider();
  const service = await startTestService({ TWILIO_BASE_URL: provider.url });
  const story = await Story.begin(service, provider, '+15551279003', ['whatsapp', 'sms']);
  const whatsapp = await story.accepted(0);
  await story.reports(whatsapp.attemptId, whatsapp.sid, 'undelivered', 63016);
  const sms = await story.request(1);
  const delivered = await story.reports(whatsapp.attemptId, whatsapp.sid, 'delivered');
  expect(delivered).toMatchObject({
    status: 'delivered',
    deliveries: [{ status: 'delivered' }, { status: 'sending' }],
  });
  sms.accept(newSid());
  await story.recorded(sms.attemptId, 'accepted');
  expect(await story.read()).toMatchObject({ status: 'delivered', deliveries: [{}, { status: 'sent' }] });
});
