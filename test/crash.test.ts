import { Client } from 'pg';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startSimulator } from '../src/simulator/simulator.server.js';
import { type HeldProvider, startHeldProvider } from './support/held-provider.js';
import { createMigratedDatabase } from './support/postgres.js';
import { startServiceProcess } from './support/process.js';
import { ADMIN_KEY, ApiClient, Provider, UNDER_WAY } from './support/service.js';

const TO = '+15551230001';

/** A database and a provider that outlive the processes of the service. */
async function startWorld() {
  const database = await createMigratedDatabase();
  onTestFinished(() => database.drop());
  const client = new Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  const simulator = await startSimulator(UNDER_WAY);
  onTestFinished(() => simulator.close());
  const env = {
    DATABASE_URL: database.url,
    ADMIN_API_KEY: ADMIN_KEY,
    TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef',
    TWILIO_AUTH_TOKEN: 'fedcba9876543210fedcba9876543210',
    TWILIO_BASE_URL: simulator.url,
    TWILIO_STATUS_URL: '',
    TWILIO_SMS_FROM: '+15005550006',
    RETRY_BASE_MS: '50',
    INCIDENT_THRESHOLD: '1000000',
  };
  return { database: client, provider: new Provider(simulator.url), env };
}

/** A process killed with one request in flight, whose lease is over. */
async function killInFlight(accepts: boolean) {
  const world = await startWorld();
  const { database, provider, env } = world;
  await provider.fail(TO, { times: 1, match: { resource: 'messages' }, fault: { kind: 'no_answer', accepts } });
  const service = await startServiceProcess({ ...env, TWILIO_TIMEOUT_MS: '20000', LEASE_MS: '21000' });
  const id = await new ApiClient(service.url, ADMIN_KEY).send({ to: TO, channels: ['sms'], body: 'Hello' });
  await expect.poll(() => provider.creates(TO)).toHaveLength(1);
  await service.kill();
  await database.query(`UPDATE outbox SET leased_until = leased_until - interval '21 seconds'`);
  return { ...world, id };
}

/** Nothing waits for its time, until the one notification has spent so many retries or its work is over. */
async function hurry(database: Client, retries: number): Promise<void> {
  const waits = 'SELECT 1 FROM outbox WHERE lease_token IS NOT NULL OR retries < $1';
  const waiting = async () => {
    await database.query(`
      UPDATE outbox SET due_at = service_now() WHERE lease_token IS NULL AND retries < ${retries};
      NOTIFY postrider_due`);
    return (await database.query(waits, [retries])).rows;
  };
  await expect.poll(waiting).toEqual([]);
}

describe('a process that is killed with -9', () => {
  it('loses nothing that was acknowledged before it sent it', async () => {
    const world = await startWorld();
    const api = await startServiceProcess({ ...world.env, ROLE: 'api' });
    const client = new ApiClient(api.url, ADMIN_KEY);
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, i) => client.send({ to: TO, channels: ['sms'], body: `Hello ${i}` })),
    );
    await api.kill();
    const worker = await startServiceProcess(world.env);
    const survivor = new ApiClient(worker.url, ADMIN_KEY);
    for (const id of ids) await survivor.untilStatus(id, 'sent');
    expect(await world.provider.creates(TO)).toHaveLength(20);
  });

  it('does not send again what the provider had accepted before the kill', async () => {
    const world = await killInFlight(true);
    const second = await startServiceProcess(world.env);
    const sent = await new ApiClient(second.url, ADMIN_KEY).untilStatus(world.id, 'sent');
    expect(await world.provider.creates(TO)).toHaveLength(1);
    expect(sent.deliveries[0]?.providerSid).toMatch(/^SM/);
    expect(sent.deliveries[0]?.attempts).toMatchObject([{ number: 1, outcome: 'accepted' }]);
  });

  it('asks first and then sends again what had not reached the provider', async () => {
    const world = await killInFlight(false);
    const second = await startServiceProcess(world.env);
    const sent = await new ApiClient(second.url, ADMIN_KEY).untilStatus(world.id, 'sent');
    expect(sent.deliveries[0]?.attempts).toMatchObject([
      { number: 1, outcome: 'unknown', durationMs: null, nextStep: { kind: 'reconcile' } },
      { number: 2, outcome: 'accepted', possibleDuplicate: true },
    ]);
  });

  it('goes on with the retries where it was, not from the start', async () => {
    const world = await startWorld();
    await world.provider.fail(TO, { match: { resource: 'messages' }, fault: { kind: 'status', status: 503 } });
    const env = { ...world.env, RETRY_BASE_MS: '60000', RETRY_BUDGET_MS: '86400000' };
    const first = await startServiceProcess(env);
    const id = await new ApiClient(first.url, ADMIN_KEY).send({ to: TO, channels: ['sms'], body: 'Hello' });
    await hurry(world.database, 3);
    await first.kill();
    expect(await world.provider.creates(TO)).toHaveLength(3);
    const second = await startServiceProcess(env);
    await hurry(world.database, 6);
    const failed = await new ApiClient(second.url, ADMIN_KEY).untilStatus(id, 'failed');
    expect(failed.deliveries[0]?.attempts.map((attempt) => attempt.number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await world.provider.creates(TO)).toHaveLength(6);
  });
});

describe('SIGTERM', () => {
  let held: HeldProvider;
  beforeAll(async () => {
    held = await startHeldProvider();
  });

  it('finishes what is in flight, leaves the rest, and exits with 0', async () => {
    const world = await startWorld();
    const patience = { TWILIO_BASE_URL: held.url, TWILIO_TIMEOUT_MS: '60000', LEASE_MS: '120000' };
    const service = await startServiceProcess({ ...world.env, ...patience, DISPATCH_CONCURRENCY: '2' });
    const client = new ApiClient(service.url, ADMIN_KEY);
    await Promise.all(
      Array.from({ length: 6 }, (_, i) => client.send({ to: TO, channels: ['sms'], body: `Hello ${i}` })),
    );
    const inFlight = [await held.request(TO, 0), await held.request(TO, 1)];
    const ended = service.terminate();
    await expect.poll(() => service.output()).toContain('Stopping');
    for (const { attemptId, accept } of inFlight) accept(`SM${attemptId.replaceAll('-', '')}`);
    expect(await ended).toBe(0);
    const { rows } = await world.database.query(
      `SELECT n.status, count(*)::int AS n, count(o.lease_token)::int AS leased
       FROM notifications n LEFT JOIN outbox o ON o.notification_id = n.id GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { status: 'queued', n: 4, leased: 0 },
      { status: 'sent', n: 2, leased: 0 },
    ]);
  });

  it('serves on, not ready any more, for as long as load balancers need to hear of it', async () => {
    const world = await startWorld();
    const service = await startServiceProcess({ ...world.env, SHUTDOWN_DELAY_MS: '4000' });
    const client = new ApiClient(service.url, ADMIN_KEY);
    const ended = service.terminate();
    await expect.poll(async () => (await fetch(`${service.url}/health/ready`)).status).toBe(503);
    const id = await client.send({ to: TO, channels: ['sms'], body: 'Hello' });
    await client.untilStatus(id, 'sent');
    expect(await ended).toBe(0);
  });
});
