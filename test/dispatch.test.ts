import { createServer } from 'node:http';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startPatientProvider } from './dispatch.setup.js';
import { refuse } from './support/bad-row.js';
import { eventually } from './support/eventually.js';
import { portOf } from './support/port-of.js';
import { ADMIN_KEY, ApiClient, Provider, startTestService, UNDER_WAY } from './support/service.js';

/**
 * A provider that accepts after some milliseconds and knows how many requests it had at the same time.
 * @param together it keeps the first requests waiting until there are so many
 */
async function startCountingProvider(latencyMs = 30, together = 1) {
  let now = 0;
  const seen = { most: 0, total: 0 };
  const { promise: complete, resolve: onComplete } = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    request.resume();
    now += 1;
    const number = (seen.total += 1);
    seen.most = Math.max(seen.most, now);
    if (now >= together) onComplete();
    const answer = () => {
      now -= 1;
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ sid: `SM${String(number).padStart(32, '0')}`, status: 'queued' }));
    };
    void complete.then(() => setTimeout(answer, latencyMs));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { seen, url: `http://127.0.0.1:${portOf(server)}` };
}

describe('the dispatcher', () => {
  it('never has more attempts in flight than DISPATCH_CONCURRENCY, however they came', async () => {
    const { seen, url } = await startCountingProvider(30, 4);
    const { api, database } = await startTestService({ DISPATCH_CONCURRENCY: '4', TWILIO_BASE_URL: url });
    const one = (n: number) => ({ to: '+15551230001', channels: ['sms'], body: `Hello ${n}` });
    await api.post('/v1/notifications/batch', { notifications: Array.from({ length: 40 }, (_, n) => one(n)) });
    await Promise.all(Array.from({ length: 40 }, (_, n) => api.send(one(100 + n))));
    await expect
      .poll(async () => (await database.query(`SELECT 1 FROM notifications WHERE status <> 'sent'`)).rows.length)
      .toBe(0);
    expect(seen).toEqual({ most: 4, total: 80 });
  });

  it('has a connection for each attempt in flight, so that none waits for one while its time runs', async () => {
    const provider = await startPatientProvider();
    provider.holdFrom(1);
    const { api } = await startTestService({ DISPATCH_CONCURRENCY: '100', TWILIO_BASE_URL: provider.url });
    const notifications = Array.from({ length: 120 }, () => ({ to: '+15551230001', channels: ['sms'], body: 'Hello' }));
    await api.post('/v1/notifications/batch', { notifications });
    await expect.poll(() => provider.held).toBe(100);
    provider.release();
  });

  it('stops sending while results cannot be recorded, and then goes on without losing or repeating any', async () => {
    const { seen, url } = await startCountingProvider(1);
    const started = await startTestService({ DISPATCH_CONCURRENCY: '4', TWILIO_BASE_URL: url, ROLE: 'api' });
    const { api, database } = started;
    const notifications = Array.from({ length: 1000 }, (_, n) => ({
      to: '+15551230001',
      channels: ['sms'],
      body: `Hello ${n}`,
    }));
    await api.post('/v1/notifications/batch', { notifications });
    await database.query('BEGIN; LOCK TABLE attempts IN SHARE MODE');
    await started.replica({ ROLE: 'worker' });
    let before = 0;
    const sendsNoMore = () => {
      const same = seen.total === before;
      before = seen.total;
      return same && before > 0;
    };
    await expect.poll(sendsNoMore, { interval: 300 }).toBe(true);
    expect(seen.total).toBeLessThan(700);
    await database.query('COMMIT');
    await expect.poll(async () => (await database.query('SELECT 1 FROM outbox')).rows.length).toBe(0);
    expect(seen.total).toBe(1000);
    expect((await database.query('SELECT 1 FROM attempts')).rows).toHaveLength(1000);
  });

  it.each([
    ['another process stored', 'api'],
    ['this process stored and had no slots for', 'all'],
  ] as const)('lets nothing overtake what %s earlier, though a slot is free at that moment', async (_, stored) => {
    const provider = await startPatientProvider();
    // A lease too short for anything to be claimed ahead; and a claim waits until two of eight slots are free.
    const env = { DISPATCH_CONCURRENCY: '8', TWILIO_TIMEOUT_MS: '60000', LEASE_MS: '65000' };
    const started = await startTestService({ ...env, TWILIO_BASE_URL: provider.url, ROLE: stored });
    const { database } = started;
    const attempts = async () => (await database.query('SELECT 1 FROM attempts')).rows.length;
    const hello = { to: '+15551230001', channels: ['sms'], body: 'Hello' };
    // One that found a free slot shows that the process has looked for due work, and found none.
    if (stored === 'all') await started.api.send(hello);
    const before = stored === 'all' ? 1 : 0;
    await expect.poll(attempts).toBe(before);
    provider.holdFrom(before + 1);
    await started.api.post('/v1/notifications/batch', { notifications: Array.from({ length: 20 }, () => hello) });
    const replica = stored === 'api' ? await started.replica({ ROLE: 'all' }) : started;
    await expect.poll(() => provider.held).toBe(8);
    provider.releaseOne();
    await expect.poll(attempts).toBe(before + 1);
    const late = await new ApiClient(replica.url, ADMIN_KEY).send(hello);
    const { rows } = await database.query('SELECT lease_token FROM outbox WHERE notification_id = $1', [late]);
    provider.release();
    expect(rows).toEqual([{ lease_token: null }]);
    await expect.poll(() => provider.seen).toBe(before + 21);
  });

  it('lets nothing overtake what a claim that failed has left waiting', async () => {
    const started = await startTestService();
    const { api, database } = started;
    const hello = { to: '+15551230001', channels: ['sms'], body: 'Hello' };
    await api.untilStatus(await api.send(hello), 'delivered');
    const claims = await refuse(database, { table: 'outbox', on: 'UPDATE', when: 'NEW.lease_token IS NOT NULL' });
    const other = await started.replica({ ROLE: 'api' });
    const first = await new ApiClient(other.url, ADMIN_KEY).send(hello);
    // The process makes its second claim when it knows of the failure of the first.
    await expect.poll(claims.times).toBeGreaterThan(1);
    const late = await api.send(hello);
    const { rows } = await database.query('SELECT lease_token FROM outbox WHERE notification_id = $1', [late]);
    await claims.mend();
    expect(rows).toEqual([{ lease_token: null }]);
    for (const id of [first, late]) await api.untilStatus(id, 'delivered');
  });

  it('sends what waits by category, and lets nobody wait for ever', async () => {
    const to = '+15551230001';
    const started = await startTestService({ DISPATCH_CONCURRENCY: '1', ROLE: 'api' }, UNDER_WAY);
    const { api, database, simulator } = started;
    const send = (body: string, category = body) => api.send({ to, channels: ['sms'], body, category });
    await send('marketing');
    const old = await send('old', 'marketing');
    await send('otp');
    await send('alert');
    await database.query(`UPDATE outbox SET due_at = due_at - interval '1 hour' WHERE notification_id = $1`, [old]);
    await started.replica({ ROLE: 'worker' });
    const sent = await eventually(
      () => new Provider(simulator.url).creates(to),
      ({ length }) => length === 4,
    );
    expect(sent.map(({ params }) => params['Body'])).toEqual(['old', 'otp', 'alert', 'marketing']);
  });
});
