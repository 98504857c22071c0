import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../src/config/read-environment.js';
import { InvalidEnvironmentError } from '../src/config/environment.error.js';
import { configuredSinks } from '../src/alerts/sinks/configured-sinks.js';
import { ALERTMANAGERS } from '../src/alerts/sinks/sink.js';
import { SinkHttp } from '../src/alerts/sinks/sink.http.js';
import { WebhookSink } from '../src/alerts/sinks/webhook.sink.js';
import { alertsOf, Receiver, registerOf, testAlarm, type Heard } from './alerts.setup.js';
import { SECRET, storyOf, withWebhook } from './alerts.webhook.setup.js';
import { moveClock } from './support/clock.js';
import { keepLines } from './support/log.lines.js';
import { eventually } from './support/eventually.js';
import { startTestService } from './support/service.js';

const MINUTE = 61_000;

const textOf = (heard: Heard): string[] => JSON.parse(heard.text).text.split('\n');
const eventOf = (heard: Heard): Record<string, unknown> => JSON.parse(heard.text);
describe('the signed webhook', () => {
  it('is verified by the library of the standard, and tells what happened, how many, since when, what to do and where', async () => {
    const { receiver, register, untilTaken, api } = await withWebhook({ CONSOLE_URL: 'https://ops.example/console/' });
    await register.raise(testAlarm(), { count: { added: 3 } });
    const [heard] = await untilTaken(1);
    const headers = heard?.headers ?? {};
    const verified = new Webhook(SECRET).verify(heard?.text ?? '', headers);
    const [alert] = await alertsOf(api);
    expect(heard?.path).toBe('/hook');
    expect(verified).toMatchObject({
      type: 'alert.opened',
      data: {
        id: alert?.id,
        state: 'open',
        kind: 'request_errors',
        severity: 'error',
        summary: testAlarm().summary,
        advice: testAlarm().advice,
        count: 3,
        facts: { httpStatus: 400, providerCode: 21211 },
        openedAt: alert?.openedAt,
        resolvedAt: null,
        link: `https://ops.example/console#/alerts/${alert?.id}`,
      },
    });
    expect(() => new Webhook(`whsec_${btoa('another')}`).verify(heard?.text ?? '', headers)).toThrow(/signature/i);
    expect(receiver.asked).toHaveLength(1);
  });

  it('takes any text as a secret, and names the variable when it cannot', async () => {
    const { receiver, register, untilTaken } = await withWebhook({ ALERT_WEBHOOK_SECRET: 'any text: ö!' });
    await register.raise(testAlarm(), { count: { added: 1 } });
    await untilTaken(1);
    const [heard] = receiver.taken;
    const raw = new Webhook(new TextEncoder().encode('any text: ö!'), { format: 'raw' });
    expect(() => raw.verify(heard?.text ?? '', heard?.headers ?? {})).not.toThrow();

    const { ALERT_WEBHOOK_SECRET = '' } = readEnvironment({ ALERT_WEBHOOK_SECRET: 'whsec_not base64!' });
    const make = () => new WebhookSink('http://127.0.0.1', ALERT_WEBHOOK_SECRET, new SinkHttp());
    expect(make).toThrow(InvalidEnvironmentError);
    expect(make).toThrow(/ALERT_WEBHOOK_SECRET/);
  });
});

describe('a webhook without a secret', () => {
  it('says the same without a signature', async () => {
    const { receiver, register, untilTaken } = await withWebhook({ ALERT_WEBHOOK_SECRET: '' });
    await register.raise(testAlarm(), { count: { added: 1 } });
    await untilTaken(1);
    const [heard] = receiver.taken;
    expect(JSON.parse(heard?.text ?? '')).toMatchObject({ type: 'alert.opened', data: { count: 1 } });
    expect(Object.keys(heard?.headers ?? {})).toEqual(expect.arrayContaining(['webhook-id', 'webhook-timestamp']));
    expect(heard?.headers).not.toHaveProperty('webhook-signature');
  });

  it('is warned of at the start, and one with a secret is not', () => {
    const warningsWith = (more: Record<string, string>) => {
      const { destination, lines } = keepLines();
      const env = readEnvironment({ ALERT_WEBHOOK_URL: 'http://127.0.0.1', ...more });
      configuredSinks({ env, publicUrl: 'http://127.0.0.1' }, new SinkHttp(), pino(destination));
      return lines.map((line) => String(JSON.parse(line).msg));
    };
    expect(warningsWith({})).toEqual([expect.stringContaining('set ALERT_WEBHOOK_SECRET')]);
    expect(warningsWith({ ALERT_WEBHOOK_SECRET: SECRET })).toEqual([]);
  });
});

describe('news of an open alert', () => {
  it('tells a growing count once a minute, and the end at once', async () => {
    const { receiver, register, untilTaken, databaseUrl } = await withWebhook();
    await register.raise(testAlarm(), { count: { added: 1 } });
    await untilTaken(1);
    for (const added of [10, 20, 30]) await register.raise(testAlarm(), { count: { added } });
    await register.raise(testAlarm({ cause: 'another' }), { count: { added: 1000 } });
    await untilTaken(2);
    await moveClock(databaseUrl, MINUTE);
    await untilTaken(3);
    await register.raise(testAlarm(), { count: { added: 100 } });
    await register.resolve(testAlarm().cause, 'It is over.');
    await untilTaken(4);
    expect(storyOf(receiver)).toEqual([
      ['alert.opened', 1],
      ['alert.opened', 1000],
      ['alert.updated', 61],
      ['alert.resolved', 161],
    ]);
  });

  it('is told by one of several replicas', async () => {
    const started = await withWebhook();
    const { receiver, register, untilTaken, api } = started;
    await Promise.all([started.replica(), started.replica()]);
    for (let code = 1; code <= 10; code += 1) {
      await register.raise(testAlarm({ cause: `request_errors:400:${code}` }), { count: { added: 1 } });
    }
    await untilTaken(10);
    for (let code = 1; code <= 10; code += 1) await register.resolve(`request_errors:400:${code}`, 'Over.');
    await untilTaken(20);
    const told = await eventually(
      async () =>
        (await alertsOf(api)).flatMap(({ deliveries }) => deliveries.filter(({ sink }) => sink === 'webhook')),
      (deliveries) => deliveries.every((delivery) => delivery.told === 'resolved'),
    );
    expect(told.map(({ attempts }) => attempts)).toEqual(Array(10).fill(2));
    expect(receiver.asked).toHaveLength(20);
  });
});

describe('Alertmanager', () => {
  it('is told at each address, on its own: what one was told, and when it is asked again', async () => {
    const [one, two] = [await Receiver.start(), await Receiver.start()];
    await one.stop();
    const { service, api, url } = await startTestService({ ALERTMANAGER_URL: `${one.url},${two.url}/am` });
    await registerOf(service).raise(testAlarm(), { count: { added: 1 } });
    const deliveries = async () => {
      const [alert] = await alertsOf(api);
      return alert?.deliveries.map(({ sink, state }) => [sink, state]);
    };
    const waits = [
      ['log', 'delivered'],
      ['alertmanager', 'failing'],
      ['alertmanager_2', 'delivered'],
    ];
    await expect.poll(deliveries).toEqual(waits);
    expect(two.taken.map(({ path }) => path)).toEqual(['/am/api/v2/alerts']);
    await expect
      .poll(async () => (await (await fetch(`${url}/metrics`)).text()).match(/^postrider_alert_sink_failing{.*} 1$/gm))
      .toEqual(['postrider_alert_sink_failing{sink="alertmanager"} 1']);

    await one.listen();
    await expect.poll(deliveries).toEqual(waits.map(([sink]) => [sink, 'delivered']));
    expect(one.taken.map(({ text }): unknown => JSON.parse(text))).toMatchObject([[{ labels: { severity: 'error' } }]]);
    const labels = ({ taken: [first] }: Receiver) => JSON.parse(first?.text ?? '')[0].labels;
    expect(labels(one)).toEqual(labels(two));
    expect(two.taken).toHaveLength(1);
  });

  it('takes as many addresses as there are names for them', () => {
    const urls = [1, 2, 3, 4, 5].map((number) => `http://alertmanager-${number}:9093`);
    const env = readEnvironment({ ALERTMANAGER_URL: urls.join() });
    const sinks = configuredSinks({ env, publicUrl: '' }, new SinkHttp(), pino({ level: 'silent' }));
    expect(sinks.map(({ name }) => name)).toEqual(['log', ...ALERTMANAGERS]);
  });
});

describe('PagerDuty', () => {
  it('gets a trigger and a resolve with one dedup key', async () => {
    const receiver = await Receiver.start();
    const { service, configuration } = await startTestService({
      PAGERDUTY_ROUTING_KEY: 'R0123456789',
      PAGERDUTY_URL: receiver.url,
    });
    const register = registerOf(service);
    await register.raise(testAlarm({ severity: 'critical' }), { count: { added: 2 } });
    await eventually(
      () => receiver.taken,
      (taken) => taken.length === 1,
    );
    await register.resolve(testAlarm().cause, 'It is over.');
    const [trigger, resolve] = await eventually(
      () => receiver.taken.map((heard) => ({ path: heard.path, body: eventOf(heard) })),
      (taken) => taken.length === 2,
    );
    expect(trigger).toMatchObject({
      path: '/v2/enqueue',
      body: {
        routing_key: 'R0123456789',
        event_action: 'trigger',
        dedup_key: expect.stringMatching(/^postrider-[0-9a-f-]{36}$/),
        payload: {
          severity: 'critical',
          summary: expect.stringContaining(testAlarm().summary),
          source: configuration.publicUrl,
          class: 'PostriderRequestErrors',
          custom_details: { what_to_do: testAlarm().advice, how_many: expect.stringMatching(/^2 refusals since /) },
        },
        links: [{ href: expect.stringMatching(/\/v1\/admin\/alerts\/[0-9a-f-]{36}$/) }],
      },
    });
    expect(resolve?.body).toEqual({
      routing_key: 'R0123456789',
      event_action: 'resolve',
      dedup_key: trigger?.body['dedup_key'],
    });
  });
});

describe('Slack', () => {
  it('gets a message for humans, with its control characters escaped', async () => {
    const receiver = await Receiver.start();
    const { service, api, configuration } = await startTestService({
      SLACK_WEBHOOK_URL: `${receiver.url}/services/T0/B0/secret`,
    });
    const register = registerOf(service);
    await register.raise(testAlarm(), { count: { added: 1 } });
    await eventually(
      () => receiver.taken,
      (taken) => taken.length === 1,
    );
    await register.resolve(testAlarm().cause, 'It is over.');
    const texts = await eventually(
      () => receiver.taken.map(textOf),
      (taken) => taken.length === 2,
    );
    const id = (await alertsOf(api))[0]?.id;
    const path = `/v1/admin/alerts/${id}`;
    expect(receiver.taken[0]?.path).toBe('/services/T0/B0/secret');
    expect(texts).toEqual([
      [
        '*Postrider error: The provider refuses requests*',
        'The provider answers 400 with code 21211 &lt;of a test&gt;.',
        expect.stringMatching(/^1 refusal since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.$/),
        '*What to do:* Correct the number &amp; send again.',
        `<${configuration.publicUrl}${path}|The alert in Postrider>`,
      ],
      [
        '*Postrider resolved: The provider refuses requests*',
        'It is over. It was: The provider answers 400 with code 21211 &lt;of a test&gt;.',
        expect.stringMatching(/^1 refusal since .+, until .+ UTC\.$/),
        expect.stringContaining(path),
      ],
    ]);
    expect(await api.get(path)).toMatchObject({ status: 200, body: { id } });
  });
});
