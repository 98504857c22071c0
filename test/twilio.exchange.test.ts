import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { CanceledError, create } from 'axios';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Answer } from '../src/twilio/network.error.js';
import { undiciAdapter } from '../src/twilio/undici.adapter.js';
import { axiosOver, closeLater, closeOpened, failureOf, wireOf } from './twilio.exchange.setup.js';
import { inTurn, reply, response } from './twilio.wire.js';
import type { Script } from './twilio.wire.js';
import { portOf } from './support/port-of.js';

afterEach(closeOpened);

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

const hang: Script = () => undefined;

describe('a request that surely was not written', () => {
  it('names a refused connection', async () => {
    const http = axiosOver({ baseUrl: `http://127.0.0.1:${await unusedPort()}` });
    expect(await failureOf(http.post('/x', 'a=b'))).toMatchObject({ kind: 'connect_refused', written: false });
  });

  it('names a host that has no address', async () => {
    const http = axiosOver({ baseUrl: 'http://twilio.invalid' });
    expect(await failureOf(http.post('/x', 'a=b'))).toMatchObject({ kind: 'dns', written: false });
  });

  it('names a server that does not speak TLS', async () => {
    const wire = await wireOf(hang, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const http = axiosOver({ baseUrl: wire.url.replace('http:', 'https:') });
    expect(await failureOf(http.post('/x', 'a=b'))).toMatchObject({ kind: 'tls', written: false });
  });

  it('names a reset in the TLS handshake', async () => {
    const wire = await wireOf(hang, (socket) => socket.once('data', () => socket.resetAndDestroy()));
    const http = axiosOver({ baseUrl: wire.url.replace('http:', 'https:') });
    expect(await failureOf(http.post('/x', 'a=b'))).toMatchObject({ kind: 'unreachable', written: false });
  });

  it('counts a handshake that never ends against the deadline', async () => {
    const wire = await wireOf(hang);
    const http = axiosOver({ baseUrl: wire.url.replace('http:', 'https:') });
    const error = await failureOf(http.post('/x', 'a=b', { timeout: 100 }));
    expect(error).toMatchObject({ kind: 'connect_timeout', written: false });
  });

  it.each([
    ['reached its deadline', () => ({ timeout: 50 }), 'connect_timeout'],
    ['was aborted', () => ({ signal: AbortSignal.timeout(50) }), 'aborted'],
  ] as const)('never sends what %s while it waited for a connection', async (_, ending, kind) => {
    const held: (() => void)[] = [];
    const wire = await wireOf((socket) => held.push(() => socket.write(response(200, 'first'))));
    const http = axiosOver({ baseUrl: wire.url, connections: 1 });
    const first = http.post<Answer>('/first', 'a=b');
    await expect.poll(() => held.length).toBe(1);
    const error = await failureOf(http.post('/late', 'a=b', ending()));
    expect(error).toMatchObject({ kind, written: false });

    held[0]?.();
    expect((await first).data.text).toBe('first');
    const after = http.post('/after', 'a=b');
    await expect.poll(() => held.length).toBe(2);
    held[1]?.();
    await after;
    expect(wire.requests.map(({ path }) => path)).toEqual(['/first', '/after']);
    expect(wire.connections).toHaveLength(1);
  });

  it('never sends what reached its deadline while the process stood still and connected', async () => {
    const wire = await wireOf(reply(201));
    const http = axiosOver({ baseUrl: wire.url });
    const failure = failureOf(http.post('/late', 'a=b', { timeout: 50 }));
    // The connection is on its way, its arrival not seen yet; nothing of this process runs until the deadline is long over.
    for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => process.nextTick(resolve));
    for (const end = performance.now() + 150; performance.now() < end;);
    expect(await failure).toMatchObject({ kind: 'connect_timeout', written: false });
    await http.post('/after', 'a=b');
    expect(wire.requests.map(({ path }) => path)).toEqual(['/after']);
  });

  it('sends nothing when it was aborted before', async () => {
    const wire = await wireOf(reply(200));
    const http = axiosOver({ baseUrl: wire.url });
    await expect(http.post('/x', 'a=b', { signal: AbortSignal.abort() })).rejects.toThrow(CanceledError);
    expect(wire.connections).toHaveLength(0);
  });

  it('fails every waiting request when nothing listens, not only those that got a connection', async () => {
    const http = axiosOver({ baseUrl: `http://127.0.0.1:${await unusedPort()}`, connections: 2 });
    const errors = await Promise.all(Array.from({ length: 50 }, () => failureOf(http.post('/x', 'a=b'))));
    expect(new Set(errors.map(({ kind }) => kind))).toEqual(new Set(['connect_refused']));
  });
});

it('tells whether the write or the reset of a fresh connection came first', async () => {
  const wire = await wireOf(hang, (socket) => socket.resetAndDestroy());
  const http = axiosOver({ baseUrl: wire.url });
  for (let round = 0; round < 20; round += 1) {
    const { kind, written } = await failureOf(http.post('/x', 'a=b'));
    expect(kind).toBe(written ? 'reset_after_write' : 'unreachable');
  }
});

describe('a request that was written', () => {
  it.each<[string, Script]>([
    ['resets', (socket) => socket.resetAndDestroy()],
    ['closes', (socket) => socket.end()],
    ['answers with something that is not HTTP', (socket) => socket.end('220 smtp.example ESMTP\r\n')],
    ['closes within the headers', (socket) => socket.end('HTTP/1.1 201 Created\r\nContent-')],
  ])('is in doubt when the server %s', async (_, script) => {
    const wire = await wireOf(script);
    const http = axiosOver({ baseUrl: wire.url });
    const error = await failureOf(http.post('/x', 'a=b'));
    expect(error).toMatchObject({ kind: 'reset_after_write', written: true, partial: null });
    expect(wire.requests).toHaveLength(1);
  });

  it('does not take an interim answer for an answer', async () => {
    const wire = await wireOf((socket) => socket.end('HTTP/1.1 103 Early Hints\r\n\r\n'));
    const error = await failureOf(axiosOver({ baseUrl: wire.url }).post('/x', 'a=b'));
    expect(error).toMatchObject({ kind: 'reset_after_write', written: true, partial: null });
  });

  it('keeps the status line of an answer that was cut off', async () => {
    const wire = await wireOf((socket) => socket.end('HTTP/1.1 400 Bad\r\nContent-Length: 50\r\n\r\n{"code":21'));
    const error = await failureOf(axiosOver({ baseUrl: wire.url }).post('/x', 'a=b'));
    expect(error.kind).toBe('reset_after_write');
    expect(error.partial).toMatchObject({ status: 400, text: '{"code":21' });
  });

  it('ends at its deadline on the socket itself', async () => {
    const wire = await wireOf(hang);
    const error = await failureOf(axiosOver({ baseUrl: wire.url }).post('/x', 'a=b', { timeout: 60 }));
    expect(error).toMatchObject({ kind: 'timeout_after_write', written: true });
    await expect.poll(() => wire.connections[0]?.destroyed).toBe(true);
  });

  it('has one deadline for all of it, however steadily the body drips', async () => {
    let drip: NodeJS.Timeout | undefined;
    const wire = await wireOf((socket) => {
      socket.write('HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n');
      drip = setInterval(() => socket.write(' '), 10);
    });
    const startedAt = performance.now();
    const error = await failureOf(axiosOver({ baseUrl: wire.url }).post('/x', 'a=b', { timeout: 400 }));
    clearInterval(drip);
    expect(error).toMatchObject({ kind: 'body_timeout', written: true, partial: { status: 201 } });
    expect(performance.now() - startedAt).toBeLessThan(5000);
    await expect.poll(() => wire.connections[0]?.destroyed).toBe(true);
  });

  it('does not blame the provider for an answer that came while this process was busy', async () => {
    // 1: the request has arrived. 2: this process is busy, so that the answer can come. 3: the answer is on its way.
    const stage = new Int32Array(new SharedArrayBuffer(4));
    const server = new Worker(
      `const { createServer } = require('node:http');
       const { parentPort, workerData: stage } = require('node:worker_threads');
       const reach = (next) => { Atomics.store(stage, 0, next); Atomics.notify(stage, 0); };
       const server = createServer((request, answer) => {
         if (request.url === '/warm') return answer.end();
         reach(1);
         Atomics.wait(stage, 0, 1);
         answer.end('in time', () => reach(3));
       });
       server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
      { eval: true, workerData: stage },
    );
    onTestFinished(async () => void (await server.terminate()));
    const [port]: unknown[] = await once(server, 'message');
    const http = axiosOver({ baseUrl: `http://127.0.0.1:${String(port)}` });
    await http.post('/warm', 'a=b');
    const timeout = 2000;
    const overdueAt = performance.now() + timeout + 200;
    const answer = http.post<Answer>('/x', 'a=b', { timeout });
    await expect.poll(() => Atomics.load(stage, 0), { interval: 5 }).toBe(1);
    // After the poll phase: the next thing the event loop looks at is its timers, and only then its sockets.
    await new Promise(setImmediate);
    Atomics.store(stage, 0, 2);
    Atomics.notify(stage, 0);
    Atomics.wait(stage, 0, 2);
    Atomics.wait(stage, 0, 3, Math.max(0, overdueAt - performance.now()));
    expect((await answer).data.text).toBe('in time');
  });

  it.each<[string, string]>([
    ['announced', response(200, 'x'.repeat(2 ** 20 + 1))],
    [
      'not announced',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n${'x'.repeat(2 ** 20 + 1)}\r\n0\r\n\r\n`,
    ],
  ])('is cut off when the answer is too large, %s', async (_, bytes) => {
    const wire = await wireOf((socket) => socket.write(bytes));
    const http = axiosOver({ baseUrl: wire.url });
    const error = await failureOf(http.post('/x', 'a=b'));
    expect(error).toMatchObject({ kind: 'too_large', written: true, partial: { status: 200 } });
    await expect.poll(() => wire.connections[0]?.destroyed).toBe(true);
  });

  it('is taken up to 1 MiB', async () => {
    const wire = await wireOf(inTurn(reply(200, 'x'.repeat(2 ** 20)), reply(200, 'x'.repeat(2 ** 20 + 1))));
    const http = axiosOver({ baseUrl: wire.url });
    expect((await http.post<Answer>('/x', 'a=b')).data.text).toHaveLength(2 ** 20);
    expect((await failureOf(http.post('/x', 'a=b'))).kind).toBe('too_large');
  });

  it('is aborted on the socket, and says that it had been written', async () => {
    const wire = await wireOf(hang);
    const abort = new AbortController();
    const sent = failureOf(axiosOver({ baseUrl: wire.url }).post('/x', 'a=b', { signal: abort.signal }));
    await expect.poll(() => wire.requests.length).toBe(1);
    abort.abort();
    expect(await sent).toMatchObject({ kind: 'aborted', written: true });
    await expect.poll(() => wire.connections[0]?.destroyed).toBe(true);
  });

  it('leaves nothing behind on a signal that outlives it', async () => {
    const wire = await wireOf(inTurn(reply(200), hang));
    const http = axiosOver({ baseUrl: wire.url });
    const { signal } = new AbortController();
    await http.post('/x', 'a=b', { signal });
    await failureOf(http.post('/x', 'a=b', { signal, timeout: 50 }));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('keeps an answer that came before the abort', async () => {
    const wire = await wireOf(reply(201, 'accepted'));
    const abort = new AbortController();
    const adapter = undiciAdapter({ baseUrl: wire.url, connections: 1 });
    closeLater(adapter);
    // The abort falls between the adapter's answer and axios' own look at the signal.
    const http = create({
      adapter: async (config) => {
        const answer = await adapter(config);
        abort.abort();
        return answer;
      },
    });
    expect((await http.post<Answer>('/x', 'a=b', { signal: abort.signal })).data.text).toBe('accepted');
  });
});
