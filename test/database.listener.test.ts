import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { configure } from '../src/config/configuration.js';
import { readEnvironment } from '../src/config/read-environment.js';
import { Listener } from '../src/database/listener.js';
import { startDatabaseProxy } from './support/database.proxy.js';
import { keepLines } from './support/log.lines.js';
import { portOf } from './support/port-of.js';
import { createTestDatabase } from './support/postgres.js';

const STEP_MS = 200;
const { setTimeout: realTimeout } = globalThis;

// Only timers: what comes over connections comes in its own time.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function startDatabase() {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const client = new Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  const mine = `datname = current_database() AND application_name = 'postrider-listen'`;
  return {
    url: database.url,
    announce: () => client.query(`NOTIFY postrider_keys`),
    /** The last statement of each connection that listens. */
    listening: async () =>
      (await client.query<{ query: string }>(`SELECT query FROM pg_stat_activity WHERE ${mine}`)).rows.map(
        ({ query }) => query,
      ),
    endConnections: () => client.query(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE ${mine}`),
  };
}

/** Before the database: counts who comes, and lets nobody in until it is opened. */
async function startDoor(url: string) {
  const { hostname, port } = new URL(url);
  const door = { url: '', came: 0, open: false };
  const server = createServer((near) => {
    door.came += 1;
    near.on('error', () => {});
    if (!door.open) return void near.destroy();
    const far = connect(Number(port), hostname);
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = new URL(url);
  address.port = String(portOf(server));
  door.url = address.href;
  return door;
}

/** A listener, and how often it has said that there may be news. */
function listenerOn(databaseUrl: string) {
  const { destination, lines } = keepLines();
  const twilio = { accountSid: '', authToken: '', baseUrl: '', statusUrl: '', simulated: true, senders: {} };
  const surroundings = { databaseUrl, adminApiKey: null, twilio };
  const configuration = configure(readEnvironment({}), surroundings, 'http://127.0.0.1:3000');
  const listener = new Listener(configuration, pino(destination));
  onTestFinished(() => listener.onApplicationShutdown());
  const hints = { count: 0 };
  listener.on('postrider_keys', () => void (hints.count += 1));
  return { listener, hints, lines };
}

/** Waits for what comes over connections, while no time passes: `expect.poll` would let it pass. */
async function until(look: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await look())) await setImmediate();
}

/** Lets time pass, in steps that leave the database time to answer. @returns how much did */
async function timePassesUntil(look: () => boolean): Promise<number> {
  let ms = 0;
  while (!look()) {
    await vi.advanceTimersByTimeAsync(STEP_MS);
    ms += STEP_MS;
    await new Promise((resolve) => void realTimeout(resolve, 50));
  }
  return ms;
}

it('a connection for wake-ups that was ended is replaced by one other, which looks for what was missed and listens', async () => {
  const database = await startDatabase();
  const { listener, hints } = listenerOn(database.url);
  await listener.onApplicationBootstrap();
  expect(hints.count).toBe(1);
  await database.announce();
  await until(() => hints.count === 2);
  await database.endConnections();
  await timePassesUntil(() => hints.count === 3);
  await database.announce();
  await until(() => hints.count === 4);
  expect(await database.listening()).toHaveLength(1);
  await listener.onApplicationShutdown();
  expect(vi.getTimerCount()).toBe(0);
});

it('a connection for wake-ups that has fallen silent is noticed, however long it has lived, and replaced', async () => {
  const database = await startDatabase();
  const proxy = await startDatabaseProxy(database.url);
  const { listener, hints } = listenerOn(proxy.url);
  await listener.onApplicationBootstrap();
  await vi.advanceTimersByTimeAsync(10_000);
  await until(async () => (await database.listening())[0] === 'SELECT 1');
  proxy.freeze();
  proxy.thaw();
  await timePassesUntil(() => hints.count === 2);
  await database.announce();
  await until(() => hints.count > 2);
  expect(hints.count).toBe(3);
});

it('a database that is away is tried again less and less often, and soon once it was there', async () => {
  const database = await startDatabase();
  const door = await startDoor(database.url);
  const { listener, hints, lines } = listenerOn(door.url);
  await listener.onApplicationBootstrap();
  let tries = 1;
  for (const waitMs of [200, 400, 800, 1600, 3200, 5000, 5000]) {
    await until(() => lines.length === tries);
    await vi.advanceTimersByTimeAsync(waitMs - 1);
    expect(door.came).toBe(tries);
    tries += 1;
    door.open = tries === 8;
    await vi.advanceTimersByTimeAsync(1);
    await until(() => door.came === tries);
  }
  await until(() => hints.count === 1);
  expect(lines[0]).toContain('cannot listen for wake-ups; polling until the connection is back');
  await database.endConnections();
  expect(await timePassesUntil(() => hints.count === 2)).toBeLessThan(5000);
});

it('a listener that stops leaves neither a connection nor a timer behind', async () => {
  const database = await startDatabase();
  const { listener } = listenerOn(database.url);
  await listener.onApplicationBootstrap();
  await listener.onApplicationShutdown();
  await until(async () => (await database.listening()).length === 0);
  expect(vi.getTimerCount()).toBe(0);
});

it('a listener that stops while the database is away does not come back', async () => {
  const database = await startDatabase();
  const door = await startDoor(database.url);
  const { listener } = listenerOn(door.url);
  await listener.onApplicationBootstrap();
  await listener.onApplicationShutdown();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(door.came).toBe(1);
});
