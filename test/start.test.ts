import { execFile as execFileWithCallback, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ADVISORY_LOCK } from '../src/database/advisory-locks.js';
import { findRunning } from '../src/embedded/postgres.process.js';
import { publicFolder } from './support/embedded-postgres.js';
import { portOf } from './support/port-of.js';
import { createMigratedDatabase, createTestDatabase } from './support/postgres.js';
import { PROGRAM_ENV } from './support/process.js';
import { ADMIN_KEY, ApiClient } from './support/service.js';

const execFile = promisify(execFileWithCallback);

const PROGRAM = fileURLToPath(new URL('../dist/src/main.js', import.meta.url));

/** The program as somebody starts it: with the simulator, on a database of its own unless it is told of another. */
function startProgram(variables: Record<string, string>) {
  const child = spawn(process.execPath, [PROGRAM], {
    env: { ...PROGRAM_ENV, LOG_LEVEL: 'warn', ADMIN_API_KEY: ADMIN_KEY, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = once(child, 'close').then(() => child.exitCode);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return {
    said: () => said,
    exited,
    ready: async () => {
      // With the embedded PostgreSQL that takes the longest of all that is waited for here.
      await expect.poll(() => said, { timeout: 120_000 }).toContain('Ctrl-C stops everything');
    },
    pid: child.pid ?? 0,
    stop: () => child.kill('SIGTERM'),
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    /** Whoever read its output is gone. */
    stopReading: () => child.stdout.destroy(),
    /** What the banner says after a word. */
    told: (word: string) => new RegExp(`\\b${word} +(\\S+)`).exec(said)?.[1] ?? '',
  };
}

async function databaseUrl(create = createTestDatabase): Promise<string> {
  const database = await create();
  onTestFinished(() => database.drop());
  return database.url;
}

const migratedUrl = () => databaseUrl(createMigratedDatabase);

const HELLO = { to: '+15551230001', channels: ['sms'], body: 'Hello' };

describe('without PUBLIC_URL', () => {
  it.each([
    ['a port that the system chooses', { PORT: '0' }, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/],
    ['an IPv6 address', { PORT: '0', HOST: '::1' }, /^http:\/\/\[::1\]:[1-9]\d*$/],
  ])('is called back on %s', async (_, variables, address) => {
    const program = startProgram({ DATABASE_URL: await databaseUrl(), ...variables });
    await program.ready();
    const url = program.told('API').replace('/v1/notifications', '');
    expect(url).toMatch(address);
    expect(program.told('Callbacks')).toBe(`${url}/callbacks/twilio/…`);
    const api = new ApiClient(url, ADMIN_KEY);
    await api.untilStatus(await api.send(HELLO), 'delivered');
  });
});

describe('the banner', () => {
  it('of a worker names only what a worker answers', async () => {
    const program = startProgram({ DATABASE_URL: await databaseUrl(), PORT: '0', ROLE: 'worker' });
    await program.ready();
    const addresses = program.said().match(/http:\/\/127\.0\.0\.1:\d+\/(?!callbacks)\S+/g) ?? [];
    expect(addresses.length).toBeGreaterThan(0);
    // A process that is late as it starts says so on /health.
    for (const address of addresses) {
      await expect.poll(async () => (await fetch(address)).status, { message: address }).toBe(200);
    }
    expect(program.said()).not.toContain('/v1/notifications');
  });

  it('holds a line to try that a shell takes as it is printed, with the key that the environment holds', async () => {
    const program = startProgram({ DATABASE_URL: await databaseUrl(), PORT: '0' });
    await program.ready();
    const line = / {4}curl -s (.*?)\n\n/s.exec(program.said())?.[1] ?? '';
    // Each argument on a line of its own, as the shell would hand it to curl.
    const { stdout } = await execFile('sh', ['-c', `printf '%s\\n' ${line}`], { env: { ADMIN_API_KEY: ADMIN_KEY } });
    const [url = '', , key = '', , type = '', , body = ''] = stdout.trim().split('\n');
    const headers = Object.fromEntries([key, type].map((header) => header.split(': ')));
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(202);
  });
});

describe('with an account of Twilio', () => {
  const account = {
    PORT: '0',
    TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef',
    TWILIO_AUTH_TOKEN: 'a-token',
    TWILIO_SMS_FROM: '+15005550006',
    TWILIO_STATUS_URL: '',
  };

  it('warns of a PUBLIC_URL that Twilio cannot reach', async () => {
    const nearby = { PUBLIC_URL: 'http://127.0.0.1:3000', ...account };
    const program = startProgram({ DATABASE_URL: await migratedUrl(), ...nearby });
    await program.ready();
    await expect.poll(program.said).toMatch(/PUBLIC_URL is an address that only .*\(21609\)/);
  });

  it('names without PUBLIC_URL what can be tried, and warns that Twilio refuses to send', async () => {
    const program = startProgram({ DATABASE_URL: await databaseUrl(), ...account });
    await program.ready();
    expect(program.said()).toContain('{"to":"your number, as +1…","channels":["sms"],"body":"Hello from Postrider"}');
    await expect.poll(() => program.said()).toMatch(/PUBLIC_URL is not set: .*\(21609\)/);
  });
});

describe('what keeps it from starting', () => {
  async function failure(variables: Record<string, string>): Promise<string> {
    const program = startProgram(variables);
    expect(await program.exited).toBe(1);
    return program.said();
  }

  it('is HOST where it names no address', async () => {
    const said = await failure({ DATABASE_URL: await migratedUrl(), PORT: '0', HOST: 'nowhere.invalid' });
    expect(said).toContain('HOST');
    expect(said).not.toMatch(/DATABASE_URL|nowhere/);
  });

  it('is HOST where it is an address of another machine', async () => {
    const said = await failure({ DATABASE_URL: await migratedUrl(), PORT: '0', HOST: '192.0.2.1' });
    expect(said).toContain('HOST is no address of this machine');
    expect(said).not.toContain('192.0.2.1');
  });

  it('is PORT where something listens there already', async () => {
    const other = await listening();
    const port = portOf(other);
    const said = await failure({ DATABASE_URL: await migratedUrl(), PORT: String(port) });
    expect(said).toContain('set PORT to another one');
    expect(said).not.toContain(String(port));
  });

  it('is PORT before an embedded database is made for it', async () => {
    const dataDir = join(await publicFolder(), 'data');
    expect(await failure({ DATA_DIR: dataDir, PORT: String(portOf(await listening())) })).toContain(
      'set PORT to another one',
    );
    expect(existsSync(dataDir)).toBe(false);
  });

  it('is the database of DATABASE_URL where its host has no address', async () => {
    const said = await failure({ DATABASE_URL: 'postgres://somebody:secret@nowhere.invalid/postrider', PORT: '0' });
    expect(said).toContain('The database of DATABASE_URL does not answer');
    expect(said).not.toMatch(/HOST|nowhere|secret/);
  });

  it('is DATA_DIR where no folder can be made', async () => {
    const said = await failure({ DATA_DIR: '/proc/postrider/data', PORT: '0' });
    expect(said).toMatch(/could not be made.*What to do/s);
  });
});

it('warns of variables that are nearly right and have no effect, by name alone', async () => {
  const mistaken = { ALLOWED_COUNTRY: 'secret-1', TWILIO_EDGE: 'secret-2', PGPORT: '5432' };
  const program = startProgram({ DATABASE_URL: await migratedUrl(), PORT: '0', ...mistaken });
  await expect
    .poll(program.said)
    .toContain('"ALLOWED_COUNTRY is not a variable of Postrider; did you mean ALLOWED_COUNTRIES?"');
  await expect.poll(program.said).toContain('"TWILIO_EDGE is not a variable of Postrider"');
  expect(program.said()).not.toMatch(/secret|PGPORT/);
});

it('ends as it should where nobody reads its output any more', async () => {
  const program = startProgram({ DATABASE_URL: await migratedUrl(), PORT: '0', LOG_LEVEL: 'info' });
  await program.ready();
  program.stopReading();
  const api = new ApiClient(program.told('API').replace('/v1/notifications', ''), ADMIN_KEY);
  await api.untilStatus(await api.send(HELLO), 'delivered');
  program.stop();
  expect(await program.exited).toBe(0);
});

describe('a signal during the start', () => {
  it('ends it, also where a step of it would wait for ever', async () => {
    const url = await databaseUrl();
    const other = new Client({ connectionString: url });
    await other.connect();
    onTestFinished(() => other.end());
    await other.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK.migrations]);
    const program = startProgram({ DATABASE_URL: url, PORT: '0' });
    const waiting = `SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'postrider'`;
    await expect.poll(async () => (await other.query(waiting)).rows).toEqual([{ n: 1 }]);
    program.stop();
    expect(await program.exited).toBe(0);
    expect(program.said()).toContain('Stopped.');
    expect(program.said()).not.toContain('Postrider is ready');
  });

  it('leaves no database running that it had begun to bring', async () => {
    const dataDir = join(await publicFolder(), 'data');
    const program = startProgram({ DATA_DIR: dataDir, PORT: '0' });
    await expect.poll(() => program.said()).toContain('PostgreSQL runs on');
    program.stop();
    expect(await program.exited).toBe(0);
    const port = Number(/PostgreSQL runs on 127\.0\.0\.1:(\d+)/.exec(program.said())?.[1]);
    const client = new Client({ host: '127.0.0.1', port, user: 'postrider', database: 'postrider' });
    await expect(client.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('with the embedded PostgreSQL', () => {
  async function startEmbedded(variables: Record<string, string> = {}) {
    const dataDir = await publicFolder();
    const program = startProgram({ DATA_DIR: dataDir, PORT: '0', ...variables });
    await program.ready();
    const pgdata = join(realpathSync(join(dataDir, 'postgres')), 'pgdata');
    const server = () => findRunning(pgdata);
    expect(server()).not.toBeNull();
    return { ...program, server, dataDir };
  }

  it('a terminal that is closed stops everything in order', async () => {
    const program = await startEmbedded();
    program.signal('SIGHUP');
    expect(await program.exited).toBe(0);
    expect(program.said()).toMatch(/Stopping: finishing what is in flight.*Stopped\./s);
    expect(program.server()).toBeNull();
  });

  it('a second Ctrl-C ends the process at once, and the database with it', async () => {
    const program = await startEmbedded({ SHUTDOWN_DELAY_MS: '60000' });
    program.signal('SIGINT');
    await expect.poll(program.said).toContain('Leaving');
    // One within a second is taken for the first again.
    await expect.poll(() => program.signal('SIGINT')).toBe(false);
    expect(await program.exited).toBe(1);
    await expect.poll(program.server).toBeNull();
  });

  it.each([
    ['PostgreSQL', (pid: number) => pid, 'The embedded PostgreSQL ended although nobody stopped it (signal SIGKILL)'],
    ['simulator', simulatorOf, 'The Twilio simulator ended although nobody stopped it (signal SIGKILL)'],
  ])('a %s that dies ends the process with 1, and says so', async (_, victim, line) => {
    const program = await startEmbedded();
    process.kill(victim(program.server()?.pid ?? 0, program.pid), 'SIGKILL');
    expect(await program.exited).toBe(1);
    expect(program.said()).toContain(line);
    expect(program.server()).toBeNull();
  });

  it('a PostgreSQL that was taken over and dies does, too', async () => {
    const killed = await startEmbedded();
    killed.signal('SIGKILL');
    await killed.exited;
    const program = startProgram({ DATA_DIR: killed.dataDir, PORT: '0' });
    await program.ready();
    expect(program.said()).toContain('was still running');
    process.kill(killed.server()?.pid ?? 0, 'SIGKILL');
    expect(await program.exited).toBe(1);
    expect(program.said()).toContain('The embedded PostgreSQL ended although nobody stopped it');
  });
});

/** The one child of the program that is its simulator. */
function simulatorOf(_: number, parent: number): number {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').map(Number);
  const isSimulator = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('simulator.main');
  return children.find(isSimulator) ?? 0;
}

async function listening(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}
