import { monitorEventLoopDelay } from 'node:perf_hooks';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Injectable, type BeforeApplicationShutdown, Controller, Get, Post } from '@nestjs/common';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Public } from '../src/access/access.decorator.js';
import { Database } from '../src/database/database.js';
import { HealthIndicators } from '../src/health/health-indicators.js';
import { type Edge, ask, startEdge } from './support/http-edge.app.js';
import { type TestDatabase, createMigratedDatabase } from './support/postgres.js';
import { makeTestFolder, removeTestFolder } from './support/test.folder.js';

/** Work in flight: holds a shutdown until it is released. */
@Injectable()
@Controller('errand')
@Public()
class WorkController implements BeforeApplicationShutdown {
  readonly finished = Promise.withResolvers<void>();
  readonly asked = Promise.withResolvers<void>();

  @Get()
  work() {
    return { done: true };
  }

  @Get('long')
  async longWork() {
    this.asked.resolve();
    await this.finished.promise;
    return { done: true };
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.finished.promise;
  }
}

@Controller('probe')
@Public()
class HealthProbe {
  constructor(private readonly database: Database) {}

  @Post('write')
  async write(): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await transaction.run({ name: 'write', text: 'UPDATE alert_watch SET looked_at = looked_at' });
    });
  }

  async wait(): Promise<void> {
    await this.database.run({ name: 'wait', text: 'SELECT pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1)' });
  }
}

let database: TestDatabase;

beforeAll(async () => {
  database = await createMigratedDatabase();
});

afterAll(async () => {
  await database?.drop();
});

async function withEdge(work: (edge: Edge) => Promise<void>, options: Partial<Parameters<typeof startEdge>[0]> = {}) {
  const edge = await startEdge({ databaseUrl: database.url, ...options });
  try {
    await work(edge);
  } finally {
    await edge.app.close();
  }
}

const keyless = { key: null } as const;

describe('health', () => {
  it('says without a key that the process lives and is ready', async () => {
    await withEdge(async (edge) => {
      const live = await ask(edge, 'GET', '/health/live', keyless);
      expect(live).toMatchObject({ status: 200, body: { status: 'ok', details: { process: { status: 'up' } } } });
      const ready = await ask(edge, 'GET', '/health/ready', keyless);
      expect(ready).toMatchObject({
        status: 200,
        body: { status: 'ok', error: {}, details: { database: { status: 'up' }, accepting: { status: 'up' } } },
      });
      expect(ready.headers.get('content-type')).toMatch(/^application\/json/);
    });
  });

  it('shows every indicator, those that others registered included', async () => {
    await withEdge(async (edge) => {
      const indicators = edge.app.get(HealthIndicators);
      indicators.register({ name: 'dispatcher', check: async () => ({ up: true, details: { lagSeconds: 0 } }) });
      // Where other work wants the processors, a process that has just started may be late and say so.
      const health = () => ask(edge, 'GET', '/health', keyless);
      await expect.poll(health).toMatchObject({
        status: 200,
        body: {
          status: 'ok',
          details: {
            database: { status: 'up', pool: { total: expect.any(Number) } },
            process: { status: 'up', heapUsedPercent: expect.any(Number), eventLoopDelayP99Ms: expect.any(Number) },
            dispatcher: { status: 'up', lagSeconds: 0 },
          },
        },
      });
      const { body } = await health();
      expect(body['details']).not.toHaveProperty('disk');
    });
  });

  it('is 503 when an indicator is down, fails or does not answer, and keeps the reason to the log', async () => {
    await withEdge(async (edge) => {
      const indicators = edge.app.get(HealthIndicators);
      indicators.register({ name: 'lagging', check: async () => ({ up: false, details: { lagSeconds: 900 } }) });
      indicators.register({ name: 'broken', check: () => Promise.reject(new Error('postgres://secret@host')) });
      indicators.register({ name: 'stuck', check: () => new Promise(() => {}) });
      const { status, body, headers } = await ask(edge, 'GET', '/health', keyless);
      expect(status).toBe(503);
      expect(headers.get('content-type')).toMatch(/^application\/json/);
      expect(body).toMatchObject({
        status: 'error',
        error: {
          lagging: { status: 'down', lagSeconds: 900 },
          broken: { status: 'down', message: 'failed; the log says why' },
          stuck: { status: 'down', message: 'no answer within 1000 ms' },
        },
        info: { database: { status: 'up' } },
      });
      expect(edge.log.filter((line) => line['indicator'] === 'broken')).toHaveLength(1);
      expect((await ask(edge, 'GET', '/health/ready', keyless)).status).toBe(200);
    });
  });

  it('is 503 where the event loop ran a second late since the last look, and well again at the next', async () => {
    await withEdge(async (edge) => {
      await ask(edge, 'GET', '/health', keyless);
      // Begun later, it shows no interval that the service's has not measured before; the first one is not measured.
      const delay = monitorEventLoopDelay({ resolution: 20 });
      delay.enable();
      await expect.poll(() => delay.count).toBeGreaterThan(0);
      delay.disable();
      const late = performance.now() + 1100;
      while (performance.now() < late);
      expect(await ask(edge, 'GET', '/health', keyless)).toMatchObject({
        status: 503,
        body: { error: { process: { status: 'down', eventLoopDelayP99Ms: expect.any(Number) } } },
      });
      await expect.poll(async () => (await ask(edge, 'GET', '/health', keyless)).status).toBe(200);
    });
  });

  it('asks a part once at a time, however often health is asked', async () => {
    await withEdge(async (edge) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      let questions = 0;
      const check = async () => {
        questions += 1;
        await promise;
        return { up: true, details: {} };
      };
      edge.app.get(HealthIndicators).register({ name: 'slow', check });
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(edge, 'GET', '/health', keyless)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
      expect(questions).toBe(1);
      resolve();
      await expect.poll(async () => (await ask(edge, 'GET', '/health', keyless)).status).toBe(200);
      expect(questions).toBeGreaterThan(1);
    });
  });

  it('is alive but not ready while the database does not answer, and ready again afterwards', async () => {
    await withEdge(
      async (edge) => {
        const sql = new Client({ connectionString: database.url });
        await sql.connect();
        // Every connection of the pool waits for a lock that another session holds.
        await sql.query('SELECT pg_advisory_lock(1)');
        const stuck = [1, 2].map(() => edge.app.get(HealthProbe).wait());
        try {
          const ready = await ask(edge, 'GET', '/health/ready', keyless);
          expect(ready).toMatchObject({ status: 503, body: { error: { database: { status: 'down' } } } });
          expect((await ask(edge, 'GET', '/health/live', keyless)).status).toBe(200);
        } finally {
          await sql.end();
        }
        await Promise.all(stuck);
        await expect.poll(async () => (await ask(edge, 'GET', '/health/ready', keyless)).status).toBe(200);
      },
      { environment: { DATABASE_POOL_MAX: '2' }, controllers: [HealthProbe] },
    );
  });

  it('is alive but not ready while the database takes no writes, as after a failover, and ready again afterwards', async () => {
    await withEdge(
      async (edge) => {
        const sql = new Client({ connectionString: database.url });
        await sql.connect();
        onTestFinished(() => sql.end());
        const name = sql.escapeIdentifier(new URL(database.url).pathname.slice(1));
        /** For connections that open from then on, as on another server; those that are open stay as they are. */
        const readOnly = (value: 'on' | 'off') =>
          sql.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${value}`);
        onTestFinished(async () => void (await readOnly('off')));
        await readOnly('on');
        await sql.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()`);
        const ready = () => ask(edge, 'GET', '/health/ready', keyless);
        await expect
          .poll(async () => (await ready()).body)
          .toMatchObject({ status: 'error', error: { database: { message: 'failed; the log says why' } } });
        // The first one asked may still find the connection that was ended.
        await expect
          .poll(async () => (await ready()) && edge.log.at(-1))
          .toMatchObject({ indicator: 'database', err: { code: '25006' } });
        expect(await ask(edge, 'POST', '/probe/write', keyless)).toMatchObject({
          status: 503,
          body: { type: 'urn:postrider:problem:unavailable' },
        });
        expect((await ask(edge, 'GET', '/health/live', keyless)).status).toBe(200);
        await readOnly('off');
        await expect.poll(async () => (await ready()).status).toBe(200);
        expect((await ask(edge, 'POST', '/probe/write', keyless)).status).toBe(201);
      },
      { controllers: [HealthProbe] },
    );
  });

  it('is alive but not ready while draining, and still answers what arrives', async () => {
    const edge = await startEdge({ databaseUrl: database.url, controllers: [WorkController] });
    const closing = edge.app.close();
    const ready = () => ask(edge, 'GET', '/health/ready', keyless);
    await expect.poll(async () => (await ready()).status).toBe(503);
    expect((await ready()).body).toMatchObject({ error: { accepting: { status: 'down', message: 'draining' } } });
    expect((await ask(edge, 'GET', '/health/live', keyless)).status).toBe(200);
    const work = await ask(edge, 'GET', '/errand', keyless);
    expect(work).toMatchObject({ status: 200, body: { done: true } });
    expect(work.headers.get('connection')).toBe('close');
    edge.app.get(WorkController).finished.resolve();
    await closing;
    await expect(ask(edge, 'GET', '/errand', keyless)).rejects.toThrow('fetch failed');
  });

  it('keeps no connection open on which an answer was awaited when it began to drain', async () => {
    const edge = await startEdge({ databaseUrl: database.url, controllers: [WorkController] });
    const work = edge.app.get(WorkController);
    const answer = ask(edge, 'GET', '/errand/long', keyless);
    await work.asked.promise;
    const closing = edge.app.close();
    await expect.poll(async () => (await ask(edge, 'GET', '/health/ready', keyless)).status).toBe(503);
    work.finished.resolve();
    expect(await answer).toMatchObject({ status: 200, body: { done: true } });
    expect((await answer).headers.get('connection')).toBe('close');
    await closing;
  });

  it('does not wait for connections that never asked anything', async () => {
    const edge = await startEdge({ databaseUrl: database.url });
    const silent = connect(Number(new URL(edge.url).port), '127.0.0.1');
    await once(silent, 'connect');
    const ended = once(silent, 'close');
    const since = performance.now();
    await edge.app.close();
    // A connection may take a minute to ask.
    expect(performance.now() - since).toBeLessThan(20_000);
    expect(await ended).toEqual([false]);
  });

  it('does not wait for a request that does not arrive in full', async () => {
    const edge = await startEdge({ databaseUrl: database.url, controllers: [HealthProbe] });
    const slow = connect(Number(new URL(edge.url).port), '127.0.0.1');
    slow.write('POST /probe/write HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n');
    slow.write('Content-Length: 100\r\nExpect: 100-continue\r\n\r\n');
    const [go] = (await once(slow, 'data')) as [Buffer];
    expect(go.toString()).toContain('100 Continue');
    slow.write('{');
    const ended = once(slow, 'close');
    const since = performance.now();
    await edge.app.close();
    // A connection may be silent for two minutes.
    expect(performance.now() - since).toBeLessThan(60_000);
    await ended;
  });

  it('watches the disk of an embedded database', async () => {
    const folder = await makeTestFolder();
    onTestFinished(() => removeTestFolder(folder));
    await mkdir(join(folder, 'postgres'));
    const environment = { DATABASE_URL: '', DATA_DIR: folder };
    await withEdge(
      async (edge) => {
        const { body } = await ask(edge, 'GET', '/health', keyless);
        expect(body).toMatchObject({ details: { disk: { freeBytes: expect.any(Number) } } });
      },
      { environment },
    );
  });
});
