import { setImmediate } from 'node:timers/promises';
import { Pool, interceptors } from 'undici';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { NetworkError } from '../src/twilio/network.error.js';
import { exchange } from '../src/twilio/undici.exchange.js';
import { axiosOver, closeLater, closeOpened, failureOf, wireOf } from './twilio.exchange.setup.js';
import { inTurn, reply, response } from './twilio.wire.js';

afterEach(closeOpened);

describe('connections', () => {
  it('follows no redirect', async () => {
    const elsewhere = await wireOf(reply(200));
    const wire = await wireOf(reply(307, '', { Location: `${elsewhere.url}/y` }));
    expect((await axiosOver({ baseUrl: wire.url }).post('/x', 'a=b')).status).toBe(307);
    expect(elsewhere.connections).toHaveLength(0);
  });

  it('are used again, one request at a time, never more than allowed', async () => {
    let inFlight = 0;
    let most = 0;
    const wire = await wireOf((socket) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      setTimeout(() => {
        inFlight -= 1;
        socket.write(response(200, 'ok'));
      }, 5);
    });
    const http = axiosOver({ baseUrl: wire.url, connections: 3 });
    await Promise.all(Array.from({ length: 30 }, () => http.post('/x', 'a=b')));
    expect(wire.connections).toHaveLength(3);
    expect(most).toBe(3);
  });

  it.each([
    ['', {}],
    [', also where the server would keep them for longer', { 'Keep-Alive': 'timeout=600' }],
  ])(
    'are kept for four seconds without a request, and no longer%s: a peer that closes first makes a doubtful send',
    async (_, hint) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      onTestFinished(() => void vi.useRealTimers());
      const idleFor = async (ms: number) => {
        // A connection is idle one turn of the event loop after its answer.
        await setImmediate();
        await setImmediate();
        vi.advanceTimersByTime(ms);
      };
      const wire = await wireOf(reply(200, '', hint));
      const http = axiosOver({ baseUrl: wire.url, connections: 1 });
      await http.post('/first', 'a=b');
      await idleFor(3000);
      await http.post('/second', 'a=b');
      expect(wire.connections).toHaveLength(1);
      await idleFor(4001);
      await http.post('/third', 'a=b');
      expect(wire.connections).toHaveLength(2);
    },
  );

  it('stay below the base url and its path, whatever the url of a request looks like', async () => {
    const wire = await wireOf(reply(200));
    const http = axiosOver({ baseUrl: `${wire.url}/prefix/` });
    await http.get('/2010-04-01/x?a=b');
    await http.get('//elsewhere.invalid/x');
    expect(wire.requests.map(({ path }) => path)).toEqual(['/prefix/2010-04-01/x?a=b', '/prefix//elsewhere.invalid/x']);
  });

  it('skips interim answers', async () => {
    const wire = await wireOf((socket) => socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${response(201, 'final')}`));
    expect(await axiosOver({ baseUrl: wire.url }).post('/x', 'a=b')).toMatchObject({
      data: { status: 201, text: 'final' },
    });
  });

  it('that turn out to be dead leave the request in doubt and do not send it again', async () => {
    const wire = await wireOf(inTurn(reply(200), (socket) => socket.resetAndDestroy(), reply(200)));
    const http = axiosOver({ baseUrl: wire.url, connections: 1 });
    await http.post('/first', 'a=b');
    expect(await failureOf(http.post('/second', 'a=b'))).toMatchObject({ kind: 'reset_after_write', written: true });
    await http.post('/third', 'a=b');
    expect(wire.requests.map(({ path }) => path)).toEqual(['/first', '/second', '/third']);
  });

  it('carry a request once, even under a dispatcher that retries', async () => {
    const wire = await wireOf((socket) => socket.resetAndDestroy());
    const pool = new Pool(wire.url);
    closeLater(pool);
    const retrying = pool.compose(interceptors.retry({ methods: ['POST'], minTimeout: 1 }));
    const request = { method: 'POST', path: '/x', headers: [], body: 'a=b', timeoutMs: 2000, maxBytes: 1000 };
    expect(await failureOf(exchange(retrying, request))).toMatchObject({ kind: 'reset_after_write', written: true });
    expect(wire.requests).toHaveLength(1);
  });

  it('never carry a request twice, though the server drops each one after an answer that promised keep-alive', async () => {
    const wire = await wireOf((socket, _, index) => {
      socket.write(response(200, 'ok'));
      if (index % 2 === 0) socket.end();
      else socket.resetAndDestroy();
    });
    const http = axiosOver({ baseUrl: wire.url, connections: 2 });
    const paths = Array.from({ length: 200 }, (_, index) => `/${index}`);
    let answered = 0;
    for (const path of paths) {
      const done = await http.post(path, 'a=b').then(
        () => true,
        (error: unknown) => !(error instanceof NetworkError && error.written),
      );
      if (done) answered += 1;
    }
    const seen = wire.requests.map(({ path }) => path);
    expect(new Set(seen).size).toBe(seen.length);
    expect(answered).toBeGreaterThan(0);
  });
});
