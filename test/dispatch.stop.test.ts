import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { Client } from 'pg';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { NotificationIntake } from '../src/outbox/notification.intake.js';
import { startDoubtfulProvider, type Question } from './dispatch.questions.setup.js';
import { startPatientProvider } from './dispatch.setup.js';
import { keepLines } from './support/log.lines.js';
import { portOf } from './support/port-of.js';
import { startServiceProcess } from './support/process.js';
import { ADMIN_KEY, ApiClient, startTestService } from './support/service.js';
import { newNotifications } from './support/new-notifications.js';
import { partOf } from './support/part-of.js';

const HELLO = { to: '+15551230001', channels: ['sms'], body: 'Hello' };

/** No worker yet: the first one asks the provider what became of the attempt, which `asked` resolves with. */
async function startInDoubt(timeoutMs: string) {
  const provider = await startDoubtfulProvider();
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<Question>();
  provider.onQuestion = onAsked;
  const started = await startTestService({
    ROLE: 'api',
    TWILIO_BASE_URL: provider.url,
    TWILIO_TIMEOUT_MS: timeoutMs,
    LEASE_MS: '60000',
  });
  return { provider, asked, started };
}

describe('a process that stops while the provider is asked', () => {
  it('breaks the question off, gives it back, and sends nothing again', async () => {
    const { provider, asked, started } = await startInDoubt('30000');
    const { api, database } = started;
    const worker = await started.replica({ ROLE: 'worker' });
    const id = await api.send(HELLO);
    await asked;
    const before = performance.now();
    await worker.close();
    expect(performance.now() - before).toBeLessThan(20_000);
    const { rows } = await database.query('SELECT stage, retries, lease_token FROM outbox');
    expect(rows).toEqual([{ stage: 'reconcile', retries: 1, lease_token: null }]);
    expect(provider.messages).toBe(1);

    provider.onQuestion = (question) => question.answer();
    await started.replica({ ROLE: 'worker' });
    const sent = await api.untilStatus(id, 'sent');
    expect(sent.deliveries[0]?.attempts).toMatchObject([{ number: 1, outcome: 'unknown' }, { number: 2 }]);
  });

  it('sends nothing again either where the answer came first', async () => {
    const { provider, asked, started } = await startInDoubt('10000');
    const { api, database } = started;
    const worker = await started.replica({ ROLE: 'worker' });
    const id = await api.send(HELLO);
    const question = await asked;
    const other = new Client({ connectionString: started.databaseUrl });
    await other.connect();
    onTestFinished(() => other.end());
    await database.query('BEGIN');
    await database.query('SELECT 1 FROM outbox WHERE notification_id = $1 FOR UPDATE', [id]);
    question.answer();
    // Its resend waits for the row while the process is told to stop.
    const waits = `SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%resent AS%'`;
    await expect.poll(async () => (await other.query(waits)).rows.length).toBe(1);
    const closed = worker.close();
    await expect.poll(() => fetch(`${worker.url}/health/ready`).then(({ status }) => status)).toBe(503);
    await database.query('COMMIT');
    await closed;
    expect(provider.messages).toBe(1);
    const { rows } = await database.query('SELECT stage, lease_token, possible_duplicate FROM outbox');
    expect(rows).toEqual([{ stage: 'send', lease_token: null, possible_duplicate: true }]);
  });
});

describe('a process that stops while a claim is under way', () => {
  it('sends nothing of what it brings, and gives it back', async () => {
    const provider = await startPatientProvider();
    const started = await startTestService({
      ROLE: 'api',
      TWILIO_BASE_URL: provider.url,
    });
    const { api, database } = started;
    await api.send(HELLO);
    const other = new Client({ connectionString: started.databaseUrl });
    await other.connect();
    onTestFinished(() => other.end());
    // A claim reads the notification once it has its lease.
    await database.query('BEGIN; LOCK TABLE notifications IN ACCESS EXCLUSIVE MODE');
    const worker = await started.replica({ ROLE: 'worker' });
    const waits = `SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%candidate AS MATERIALIZED%'`;
    await expect.poll(async () => (await other.query(waits)).rows.length).toBe(1);
    const closed = worker.close();
    await expect.poll(() => fetch(`${worker.url}/health/ready`).then(({ status }) => status)).toBe(503);
    await database.query('COMMIT');
    await closed;
    expect(provider.seen).toBe(0);
    const { rows } = await database.query('SELECT attempts, lease_token FROM outbox');
    expect(rows).toEqual([{ attempts: 0, lease_token: null }]);
  });
});

describe('a process that stops while requests keep arriving', () => {
  it('gives back what its last claim and its last group brought, in time', async () => {
    const provider = await startPatientProvider();
    const { destination, lines } = keepLines();
    const started = await startTestService({ ROLE: 'api', TWILIO_BASE_URL: provider.url, TWILIO_TIMEOUT_MS: '1000' });
    const { database } = started;
    // When one group is stored, something always waits already.
    await database.query(`
      CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END $$;
      CREATE TRIGGER linger AFTER INSERT ON notifications FOR EACH STATEMENT EXECUTE FUNCTION linger()`);
    const leaving = await started.replica({ ROLE: 'all' }, pino({ level: 'warn' }, destination));
    const intake = partOf(leaving, NotificationIntake);
    const arriving = setInterval(() => {
      // At the very end, the database is closed.
      for (const notification of newNotifications(1)) void intake.enqueue(notification).catch(() => {});
    }, 5);
    onTestFinished(() => clearInterval(arriving));
    await expect.poll(() => provider.seen).toBeGreaterThan(100);
    await leaving.close();
    clearInterval(arriving);
    const { rows } = await database.query('SELECT stage, lease_token FROM outbox WHERE lease_token IS NOT NULL');
    expect(rows).toEqual([]);
    expect(lines.filter((line) => line.includes('without waiting'))).toEqual([]);
  });
});

/** The way to the test's database, which can be cut or stopped up. */
async function startWayTo(databaseUrl: string) {
  const url = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(url.port), url.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => [near, far].forEach((end) => end.destroy()));
    }
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(cut);
  const way = new URL(databaseUrl);
  way.hostname = '127.0.0.1';
  way.port = String(portOf(server));
  const stopUp = () => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  return { url: way.href, cut, stopUp };
}

describe('a process that stops while its database', () => {
  it.each(['is away', 'does not answer'])('%s ends in the time of a request all the same, with 0', async (how) => {
    const provider = await startPatientProvider();
    const { configuration, databaseUrl } = await startTestService({ ROLE: 'api' });
    const way = await startWayTo(databaseUrl);
    const service = await startServiceProcess({
      DATABASE_URL: way.url,
      ADMIN_API_KEY: ADMIN_KEY,
      TWILIO_ACCOUNT_SID: configuration.twilio.accountSid,
      TWILIO_AUTH_TOKEN: 'fedcba9876543210fedcba9876543210',
      TWILIO_BASE_URL: provider.url,
      TWILIO_STATUS_URL: '',
      TWILIO_SMS_FROM: '+15005550006',
      TWILIO_TIMEOUT_MS: '1000',
      LEASE_MS: '60000',
    });
    provider.holdFrom(1);
    await new ApiClient(service.url, ADMIN_KEY).send(HELLO);
    // The request, and after a second without an answer the question what became of it.
    await expect.poll(() => provider.held).toBeGreaterThan(0);
    if (how === 'is away') way.cut();
    else way.stopUp();
    provider.release();
    const before = performance.now();
    expect(await service.terminate()).toBe(0);
    expect(performance.now() - before).toBeLessThan(40_000);
  });
});
