import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { alertsOf, deliveryTo, Receiver, registerOf, testAlarm, untilRecorded } from './alerts.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { ADMIN_KEY, ApiClient, startTestService } from './support/service.js';

const MINUTE = 61_000;
const WEBHOOK = { ALERT_WEBHOOK_SECRET: 'a secret of thirty-two characters' };
const idsOf = (receiver: Receiver) => receiver.asked.map(({ headers }) => headers['webhook-id']);

describe('the id of a piece of news', () => {
  it('is the same for every try, whatever is added meanwhile, and another one for the next piece', async () => {
    const receiver = await Receiver.start();
    receiver.mood = 500;
    const test = await startTestService({ ...WEBHOOK, ALERT_WEBHOOK_URL: receiver.url });
    const register = registerOf(test.service);
    const untilAsked = async (count: number) => {
      await eventually(
        () => receiver.asked,
        (asked) => asked.length >= count,
      );
      await untilRecorded(test, receiver, 'webhook');
    };
    const refusedTwice = async () => {
      const before = receiver.asked.length;
      receiver.mood = 500;
      // While the clock moves nothing is on its way, which would be told once more.
      for (const tries of [1, 2]) {
        await moveClock(test.databaseUrl, MINUTE);
        await register.raise(testAlarm(), { count: { added: 1 } });
        await untilAsked(before + tries);
      }
      const { length } = receiver.taken;
      receiver.mood = 'takes';
      await moveClock(test.databaseUrl, MINUTE);
      await eventually(
        () => receiver.taken,
        (taken) => taken.length > length,
      );
      await untilRecorded(test, receiver, 'webhook');
      return new Set(idsOf(receiver).slice(before));
    };
    const [opened, updated, again] = [await refusedTwice(), await refusedTwice(), await refusedTwice()];
    expect([opened.size, updated.size, again.size]).toEqual([1, 1, 1]);
    expect(new Set([...opened, ...updated, ...again]).size).toBe(3);
    const [{ id } = { id: '' }] = await alertsOf(test.api);
    expect([...opened]).toEqual([`alert_${id}_opened`]);
    await register.resolve(testAlarm().cause, 'Over.');
    await eventually(
      () => idsOf(receiver).at(-1),
      (last) => last === `alert_${id}_resolved`,
    );
  });
});

it('tells at once that an alert has become worse, also where a growing count waits for ten minutes', async () => {
  const receiver = await Receiver.start();
  const test = await startTestService({ SLACK_WEBHOOK_URL: `${receiver.url}/services/T0/B0` });
  const register = registerOf(test.service);
  const heads = () => receiver.taken.map(({ text }) => (JSON.parse(text) as { text: string }).text.split(':')[0]);
  const raise = (severity: 'warning' | 'critical') =>
    register.raise(testAlarm({ severity, ends: 'with_its_cause' }), { count: { added: 1 } });
  await raise('warning');
  await eventually(heads, ({ length }) => length === 1);
  await raise('warning');
  await raise('critical');
  await eventually(heads, ({ length }) => length === 2);
  await untilRecorded(test, receiver, 'slack');
  expect(heads()).toEqual(['*Postrider warning', '*Postrider critical']);
  await raise('critical');
  await moveClock(test.databaseUrl, 8 * MINUTE);
  await register.raise(testAlarm({ cause: 'another' }), { count: { added: 1 } });
  await eventually(heads, ({ length }) => length === 3);
  expect(heads().at(-1)).toBe('*Postrider error');
});

describe('a sink that does not work', () => {
  it('keeps its secrets where its answer repeats the request', async () => {
    const server = createServer((request, response) => {
      const { method = '', url = '', headers } = request;
      response
        .writeHead(404)
        .end(`Cannot ${method} ${url} (${decodeURIComponent(url)}) by ${headers['authorization']}`);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => void server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const test = await startTestService({
      SLACK_WEBHOOK_URL: `http://127.0.0.1:${port}/services/TABC/sEcReT%20ToKeN?key=hUsHhUsH`,
    });
    await registerOf(test.service).raise(testAlarm(), { count: { added: 1 } });
    const delivery = await eventually(
      () => deliveryTo(test.api, 'slack'),
      (seen) => seen?.lastError != null,
    );
    expect(delivery?.lastError).toMatch(/^It answered 404: Cannot POST •••/);
    expect(delivery?.lastError).not.toMatch(/sEcReT|ToKeN|hUsH|TABC/);
  });

  it('counts as failing only while it is configured, and hears at a start the end that it was not told', async () => {
    const receiver = await Receiver.start();
    const test = await startTestService({ SLACK_WEBHOOK_URL: `${receiver.url}/services/T0/B0` });
    const register = registerOf(test.service);
    await register.raise(testAlarm(), { count: { added: 1 } });
    await eventually(
      () => receiver.taken,
      ({ length }) => length === 1,
    );
    receiver.mood = 404;
    await register.resolve(testAlarm().cause, 'Over.');
    await eventually(
      () => deliveryTo(test.api, 'slack'),
      (delivery) => delivery?.state === 'failing',
    );
    await moveClock(test.databaseUrl, 25 * 60 * MINUTE);
    await eventually(
      () => deliveryTo(test.api, 'slack'),
      (delivery) => delivery?.state === 'parked',
    );
    expect(await failing(test.url)).toBe('1');
    await test.service.close();
    const without = await test.replica({ SLACK_WEBHOOK_URL: '' });
    expect(await failing(without.url)).toBe('0');
    await without.close();

    receiver.mood = 'takes';
    const again = await test.replica();
    const delivery = await eventually(
      () => deliveryTo(new ApiClient(again.url, ADMIN_KEY), 'slack'),
      (seen) => seen?.state === 'delivered',
    );
    expect(delivery?.told).toBe('resolved');
  });

  async function failing(url: string): Promise<string | undefined> {
    const page = await (await fetch(`${url}/metrics`)).text();
    return /^postrider_alert_sink_failing\{sink="slack"\} (\d+)$/m.exec(page)?.[1];
  }
});
