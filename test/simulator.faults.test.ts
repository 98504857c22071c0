import { describe, expect, it } from 'vitest';
import { callbackReceiver, testSimulator, TO, type TestSimulator } from './simulator.harness.js';

const NUMBER = encodeURIComponent(TO);

async function accepted(simulator: TestSimulator): Promise<unknown> {
  return (await simulator.control('GET', '/messages')).json['accepted'];
}

async function putFault(simulator: TestSimulator, target: string, rules: unknown): Promise<void> {
  const { status, text } = await simulator.control('PUT', `/faults/${target}`, rules);
  if (status !== 200) throw new Error(`The fault was refused: ${text}`);
}

describe('a fault set for a recipient', () => {
  it('answers its status, code and Retry-After as often as it is told, and accepts nothing', async () => {
    const simulator = await testSimulator();
    const fault = { kind: 'status', status: 429, code: 20429, message: 'Too fast', retryAfter: 2 };
    await putFault(simulator, NUMBER, { times: 2, fault });
    for (let n = 0; n < 2; n += 1) {
      const { status, json, headers } = await simulator.message();
      expect([status, json['code'], json['message']]).toEqual([429, 20429, 'Too fast']);
      expect(headers.get('retry-after')).toBe('2');
      expect(headers.get('twilio-request-id')).toMatch(/^RQ/);
    }
    expect(await accepted(simulator)).toBe(0);
    expect((await simulator.message()).status).toBe(201);
  });

  it.each([
    [500, 20500],
    [503, 20503],
    [401, 20003],
    [403, 20403],
    [404, 20404],
  ])('knows the code that belongs to %s', async (status, code) => {
    const simulator = await testSimulator();
    await putFault(simulator, NUMBER, { fault: { kind: 'status', status } });
    expect((await simulator.message()).json).toMatchObject({ status, code });
  });

  it('can leave the code out, answer any body, and answers 502 with a page', async () => {
    const simulator = await testSimulator();
    await putFault(simulator, NUMBER, [
      { times: 1, fault: { kind: 'status', status: 400, code: null, message: 'No code' } },
      { times: 1, fault: { kind: 'status', status: 503, body: '', contentType: 'text/plain' } },
      { times: 1, fault: { kind: 'status', status: 502 } },
    ]);
    expect((await simulator.message()).json).toEqual({ message: 'No code', status: 400 });
    const empty = await simulator.message();
    expect([empty.status, empty.text, empty.headers.get('content-type')]).toEqual([503, '', 'text/plain']);
    const page = await simulator.message();
    expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html']);
    expect(page.text).toContain('<html>');
  });

  it('meets only what it matches', async () => {
    const simulator = await testSimulator();
    const fault = { kind: 'status', status: 500 };
    await putFault(simulator, NUMBER, { match: { channel: 'whatsapp', from: '+14155238886' }, fault });
    expect((await simulator.message()).status).toBe(201);
    expect((await simulator.call()).status).toBe(201);
    expect((await simulator.whatsApp({ From: 'whatsapp:+15551239999' })).status).toBe(201);
    expect((await simulator.whatsApp()).status).toBe(500);
    await putFault(simulator, NUMBER, { match: { resource: 'calls' }, fault });
    expect((await simulator.whatsApp()).status).toBe(201);
    expect((await simulator.call()).status).toBe(500);
    await putFault(simulator, `whatsapp:${NUMBER}`, { fault });
    expect([(await simulator.message()).status, (await simulator.whatsApp()).status]).toEqual([201, 500]);
  });

  it('leaves lists and fetches alone unless they are named', async () => {
    const simulator = await testSimulator();
    const path = `/Messages/${String((await simulator.message()).json['sid'])}.json`;
    const fault = { kind: 'status', status: 503 };
    await putFault(simulator, '*', { fault });
    expect([(await simulator.get('/Messages.json')).status, (await simulator.get(path)).status]).toEqual([200, 200]);
    await putFault(simulator, '*', { match: { resource: ['list', 'fetch'] }, fault });
    expect([(await simulator.get('/Messages.json')).status, (await simulator.get(path)).status]).toEqual([503, 503]);
    expect((await simulator.message()).status).toBe(201);
  });

  it('comes before the one for everyone, and goes when it is deleted', async () => {
    const simulator = await testSimulator();
    await putFault(simulator, '*', { fault: { kind: 'status', status: 500 } });
    await putFault(simulator, NUMBER, { times: 3, fault: { kind: 'status', status: 503 } });
    expect((await simulator.message()).status).toBe(503);
    expect((await simulator.message({ To: '+15551230002' })).status).toBe(500);
    expect((await simulator.control('GET', '/faults')).json).toMatchObject({ [TO]: [{ times: 2 }], '*': [{}] });
    await simulator.control('DELETE', `/faults/${NUMBER}`);
    expect((await simulator.message()).status).toBe(500);
    await simulator.control('DELETE', '/faults');
    expect((await simulator.message()).status).toBe(201);
  });

  it('is refused when it is no fault, and says why', async () => {
    const simulator = await testSimulator();
    const { status, text } = await simulator.control('PUT', '/faults/*', { fault: { kind: 'status', status: 200 } });
    expect(status).toBe(400);
    expect(text).toContain('fault.status');
  });
});

describe('an unknown outcome', () => {
  it('answers slowly, or late', async () => {
    const simulator = await testSimulator();
    await putFault(simulator, '*', [
      { times: 1, fault: { kind: 'slow', ms: 500 } },
      { times: 1, fault: { kind: 'late_answer', ms: 500 } },
    ]);
    for (const acceptedMeanwhile of [0, 2]) {
      const before = performance.now();
      const sending = simulator.message();
      await expect.poll(async () => (await simulator.control('GET', '/requests')).json['count']).not.toBe(0);
      expect(await accepted(simulator)).toBe(acceptedMeanwhile);
      expect((await sending).status).toBe(201);
      expect(performance.now() - before).toBeGreaterThan(490);
      await simulator.control('DELETE', '/requests');
    }
  });

  it.each([
    [{ kind: 'no_answer' }, 0],
    [{ kind: 'no_answer', accepts: true }, 1],
  ])('%j never answers and accepted %i', async (fault, count) => {
    const simulator = await testSimulator();
    await putFault(simulator, '*', { fault });
    const response = fetch(`${simulator.api}/Messages.json`, {
      method: 'POST',
      body: new URLSearchParams({ To: TO, From: '+15005550006', Body: 'Hello' }),
      headers: {
        authorization: `Basic ${btoa('AC0123456789abcdef0123456789abcdef:fedcba9876543210fedcba9876543210')}`,
      },
      signal: AbortSignal.timeout(800),
    });
    await expect(response).rejects.toThrow(/timeout/);
    expect(await accepted(simulator)).toBe(count);
  });

  it.each([
    ['before_reading', 0],
    ['after_accepting', 1],
    ['during_response', 1],
  ])('resets the connection %s and accepted %i', async (when, count) => {
    const simulator = await testSimulator();
    await putFault(simulator, NUMBER, { times: 1, fault: { kind: 'reset', when } });
    await expect(simulator.message()).rejects.toThrow(/fetch failed|terminated/);
    expect(await accepted(simulator)).toBe(count);
    expect((await simulator.message()).status).toBe(201);
  });

  it('resets the connection of everyone before it reads what is asked', async () => {
    const simulator = await testSimulator();
    await putFault(simulator, '*', { times: 1, fault: { kind: 'reset', when: 'before_reading' } });
    await expect(simulator.message()).rejects.toThrow(/fetch failed|terminated/);
    const { json } = await simulator.control('GET', '/requests');
    expect(json).toMatchObject({ count: 1, requests: [{ method: 'POST', params: {} }] });
    expect((await simulator.message()).status).toBe(201);
  });

  it('accepts but answers an error, no JSON, or no sid', async () => {
    const simulator = await testSimulator();
    await putFault(simulator, NUMBER, [
      { times: 1, fault: { kind: 'accepted_then', status: 500 } },
      { times: 1, fault: { kind: 'malformed' } },
      { times: 1, fault: { kind: 'malformed', body: '<html>' } },
      { times: 1, fault: { kind: 'no_sid' } },
    ]);
    expect((await simulator.message()).json).toMatchObject({ status: 500, code: 20500 });
    const malformed = await simulator.message();
    expect(malformed.status).toBe(201);
    expect(() => JSON.parse(malformed.text) as unknown).toThrow(SyntaxError);
    expect((await simulator.message()).text).toBe('<html>');
    const withoutSid = await simulator.message();
    expect(withoutSid).toMatchObject({ status: 201, json: { status: 'queued', to: TO } });
    expect(withoutSid.json).not.toHaveProperty('sid');
    expect(await accepted(simulator)).toBe(4);
  });

  it('does not turn a bad request into an accepted one', async () => {
    const simulator = await testSimulator();
    await putFault(simulator, NUMBER, { times: 1, fault: { kind: 'accepted_then', status: 500 } });
    expect((await simulator.message({ Body: '' })).json['code']).toBe(21619);
    expect(await accepted(simulator)).toBe(0);
  });
});

it('counts the requests that still wait for an answer', async () => {
  const simulator = await testSimulator();
  await putFault(simulator, NUMBER, { fault: { kind: 'slow', ms: 1500 } });
  const waiting = Array.from({ length: 30 }, async () => await simulator.message());
  const concurrent = async (): Promise<number> =>
    Number((await simulator.get('/Messages.json')).headers.get('twilio-concurrent-requests'));
  await expect.poll(concurrent).toBe(31);
  await Promise.all(waiting);
  expect(await concurrent()).toBe(1);
});

describe('a fault of what comes after', () => {
  it.each([
    ['undelivered', 30003, ['sending', 'sent', 'undelivered']],
    ['failed', 30008, ['failed']],
    ['sent', undefined, ['sending', 'sent']],
  ])('lets a message end as %s', async (status, errorCode, expected) => {
    const simulator = await testSimulator({ stepMs: 40 });
    const receiver = await callbackReceiver();
    await putFault(simulator, NUMBER, { fault: { kind: 'callback', status, errorCode } });
    expect((await simulator.message({ StatusCallback: receiver.url })).status).toBe(201);
    await expect
      .poll(async () => (await simulator.control('GET', '/stats')).json)
      .toMatchObject({
        statuses: { pending: 0 },
        callbacks: { pending: 0 },
      });
    expect(receiver.received.map(({ params }) => params['MessageStatus'])).toEqual(expected);
    expect(receiver.received.at(-1)?.params['ErrorCode']).toBe(errorCode === undefined ? undefined : String(errorCode));
  });

  it.each([
    ['lost', []],
    ['repeated', ['sending', 'sending', 'sent', 'sent', 'delivered', 'delivered']],
    ['reordered', ['delivered', 'sent', 'sending']],
  ])('lets callbacks be %s', async (mode, expected) => {
    const simulator = await testSimulator({ stepMs: 40 });
    const receiver = await callbackReceiver();
    await putFault(simulator, NUMBER, { fault: { kind: 'callbacks', mode } });
    const { json } = await simulator.message({ StatusCallback: receiver.url });
    const path = `/Messages/${String(json['sid'])}.json`;
    await expect.poll(async () => (await simulator.get(path)).json['status']).toBe('delivered');
    await expect.poll(() => receiver.received.map(({ params }) => params['MessageStatus'])).toEqual(expected);
  });
});
