import { describe, expect, it } from 'vitest';
import { FAULT_NUMBERS } from '../src/simulator/fault-numbers.js';
import { testSimulator, type TestSimulator } from './simulator.harness.js';

async function answers(simulator: TestSimulator, to: string, count: number, key?: string): Promise<number[]> {
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  const statuses: number[] = [];
  for (let n = 0; n < count; n += 1) statuses.push((await simulator.message({ To: to }, headers)).status);
  return statuses;
}

describe('the fault numbers', () => {
  it('do not touch the numbers that Twilio documents', () => {
    for (const number of FAULT_NUMBERS.keys()) expect(number).toMatch(/^\+1500555[1-9]\d{3}$/);
  });

  it('recover after two 503s, for each delivery anew', async () => {
    const simulator = await testSimulator();
    expect(await answers(simulator, '+15005551503', 4, 'delivery-1')).toEqual([503, 503, 201, 201]);
    expect(await answers(simulator, '+15005551503', 3, 'delivery-2')).toEqual([503, 503, 201]);
    expect(await answers(simulator, '+15005551503', 3)).toEqual([503, 503, 201]);
  });

  it('answer 429 with Retry-After once', async () => {
    const simulator = await testSimulator();
    const first = await simulator.message({ To: '+15005551429' });
    expect([first.status, first.json['code'], first.headers.get('retry-after')]).toEqual([429, 20429, '1']);
    expect(await answers(simulator, '+15005551429', 2)).toEqual([201, 201]);
  });

  it('accept although they answer 500', async () => {
    const simulator = await testSimulator();
    expect(await answers(simulator, '+15005551501', 1)).toEqual([500]);
    const { json } = await simulator.get(`/Messages.json?To=${encodeURIComponent('+15005551501')}`);
    expect(json['messages']).toHaveLength(1);
  });

  it('always answer 500 and accept nothing', async () => {
    const simulator = await testSimulator();
    expect(await answers(simulator, '+15005551500', 3)).toEqual([500, 500, 500]);
    expect((await simulator.control('GET', '/messages')).json['accepted']).toBe(0);
  });

  it('refuse WhatsApp with 63003 and take SMS', async () => {
    const simulator = await testSimulator();
    const refused = await simulator.whatsApp({ To: 'whatsapp:+15005552003' });
    expect([refused.status, refused.json['code']]).toEqual([400, 63003]);
    expect(await answers(simulator, '+15005552003', 1)).toEqual([201]);
  });

  it('refuse every message of who opted out, and take a call', async () => {
    const simulator = await testSimulator();
    const refused = await simulator.message({ To: '+15005552610' });
    expect([refused.status, refused.json['code']]).toEqual([400, 21610]);
    expect((await simulator.whatsApp({ To: 'whatsapp:+15005552610' })).json['code']).toBe(21610);
    expect((await simulator.call({ To: '+15005552610' })).status).toBe(201);
  });

  it('reset a connection once, having accepted', async () => {
    const simulator = await testSimulator();
    await expect(answers(simulator, '+15005551104', 1)).rejects.toThrow('fetch failed');
    expect((await simulator.control('GET', '/messages')).json['accepted']).toBe(1);
    expect(await answers(simulator, '+15005551104', 1)).toEqual([201]);
  });

  it('are listed with what they do', async () => {
    const simulator = await testSimulator();
    const { json } = await simulator.control('GET', '/numbers');
    expect(json['+15005551503']).toMatchObject({ does: 'answers 503 twice, then accepts', times: 2 });
  });
});
