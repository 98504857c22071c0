import { describe, expect, it } from 'vitest';
import { testSimulator, TO, type Json, type TestSimulator } from './simulator.harness.js';

const OTHER = '+15551230002';
const TODAY = new Date().toISOString().slice(0, 10);
const TOMORROW = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);

function items(json: Json): Json[] {
  const list = json['messages'] ?? json['calls'];
  return Array.isArray(list) ? list.map((item: Json) => item) : [];
}

async function bodies(simulator: TestSimulator, query: string): Promise<unknown[]> {
  return items((await simulator.get(`/Messages.json?${query}`)).json).map((message) => message['body']);
}

async function allDelivered(simulator: TestSimulator): Promise<void> {
  const statuses = async (): Promise<unknown[]> =>
    items((await simulator.get('/Messages.json?PageSize=1000')).json).map((message) => message['status']);
  await expect.poll(async () => new Set(await statuses())).toEqual(new Set(['delivered']));
}

describe('the list of messages', () => {
  it('shows the newest first, filtered by recipient and by sender', async () => {
    const simulator = await testSimulator();
    await simulator.message({ Body: 'first' });
    await simulator.message({ Body: 'second', To: OTHER });
    await simulator.message({ Body: 'third', From: '+15551239999' });
    expect(await bodies(simulator, '')).toEqual(['third', 'second', 'first']);
    expect(await bodies(simulator, `To=${encodeURIComponent(TO)}`)).toEqual(['third', 'first']);
    expect(await bodies(simulator, `To=${encodeURIComponent(TO)}&From=%2B15551239999`)).toEqual(['third']);
    expect(await bodies(simulator, `To=whatsapp:${encodeURIComponent(TO)}`)).toEqual([]);
  });

  it('filters by the day a message was sent, which a message not yet sent has not', async () => {
    const simulator = await testSimulator();
    await simulator.message({ Body: 'sent' });
    await allDelivered(simulator);
    await simulator.control('PUT', '/faults/*', { fault: { kind: 'callback', status: 'queued' } });
    await simulator.message({ Body: 'still queued' });

    expect(await bodies(simulator, `DateSent=${TODAY}`)).toEqual(['sent']);
    expect(await bodies(simulator, `DateSent%3E=${TODAY}`)).toEqual(['sent']);
    expect(await bodies(simulator, `DateSent%3C=${TODAY}`)).toEqual(['sent']);
    expect(await bodies(simulator, `DateSent=${TOMORROW}`)).toEqual([]);
    expect(await bodies(simulator, `DateSent%3E=${TOMORROW}`)).toEqual([]);
    expect((await simulator.get('/Messages.json?DateSent=yesterday')).json['code']).toBe(20001);
  });

  it('leads from page to page, unmoved by what arrives meanwhile', async () => {
    const simulator = await testSimulator();
    for (const body of ['1', '2', '3', '4', '5']) await simulator.message({ Body: body });

    const first = (await simulator.get(`/Messages.json?PageSize=2&To=${encodeURIComponent(TO)}`)).json;
    expect(items(first).map((message) => message['body'])).toEqual(['5', '4']);
    expect(first).toMatchObject({ page: 0, page_size: 2, start: 0, end: 1, previous_page_uri: null });

    await simulator.message({ Body: 'arrived meanwhile' });
    const second = (await simulator.get(String(first['next_page_uri']))).json;
    expect(items(second).map((message) => message['body'])).toEqual(['3', '2']);
    const third = (await simulator.get(String(second['next_page_uri']))).json;
    expect(items(third).map((message) => message['body'])).toEqual(['1']);
    expect(third).toMatchObject({ page: 2, start: 4, end: 4, next_page_uri: null });
    expect(await bodies(simulator, 'PageSize=2&Page=1')).toEqual(['4', '3']);
  });

  it('keeps the newest messages and forgets the others', async () => {
    const simulator = await testSimulator({ keepMessages: 3 });
    const oldest = (await simulator.message({ Body: '1' })).json['sid'];
    for (const body of ['2', '3']) await simulator.message({ Body: body, To: OTHER });
    for (const body of ['4', '5']) await simulator.message({ Body: body });

    expect(await bodies(simulator, '')).toEqual(['5', '4', '3']);
    expect(await bodies(simulator, `To=${encodeURIComponent(TO)}`)).toEqual(['5', '4']);
    expect(await bodies(simulator, `To=${encodeURIComponent(OTHER)}`)).toEqual(['3']);
    expect((await simulator.get(`/Messages/${String(oldest)}.json`)).status).toBe(404);
    expect((await simulator.control('GET', '/messages')).json).toMatchObject({ accepted: 5, count: 3 });
  });
});

describe('the list of calls', () => {
  it('is filtered by recipient, status and the day it started', async () => {
    const simulator = await testSimulator();
    await simulator.call();
    await simulator.call({ To: '+15005554486' });
    const count = async (query: string): Promise<number> =>
      items((await simulator.get(`/Calls.json?${query}`)).json).length;

    await expect.poll(async () => await count('Status=busy')).toBe(1);
    await expect.poll(async () => await count('Status=completed')).toBe(1);
    expect(await count('')).toBe(2);
    expect(await count(`To=${encodeURIComponent(TO)}`)).toBe(1);
    expect(await count(`StartTime=${TODAY}`)).toBe(2);
    expect(await count(`StartTime%3E=${TOMORROW}`)).toBe(0);
    expect(await count(`EndTime%3C=${TODAY}`)).toBe(2);
  });
});
