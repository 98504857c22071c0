import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../src/config/read-environment.js';
import { InvalidEnvironmentError } from '../src/config/environment.error.js';
import { SinkHttp } from '../src/alerts/sinks/sink.http.js';
import { WebhookSink } from '../src/alerts/sinks/webhook.sink.js';
import { alertsOf, deliveryTo, Receiver, registerOf, testAlarm, type Heard, type Mood } from './alerts.setup.js';
import { eventually } from './incidents.setup.js';
import { moveClock } from './support/clock.js';
import { startTestService } from './support/service.js';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;
const MINUTE = 61_000;

interface WebhookBody {
  readonly type: string;
  readonly data: { readonly count: number; readonly link: string } & Readonly<Record<string, unknown>>;
}

const bodyOf = (heard: Heard): WebhookBody => JSON.parse(heard.text);
const textOf = (heard: Heard): string[] => JSON.parse(heard.text).text.split('\n');
const eventOf = (heard: Heard): Record<string, unknown> => JSON.parse(heard.text);
const storyOf = (receiver: Receiver) => receiver.taken.map((heard) => [bodyOf(heard).type, bodyOf(heard).data.count]);

async function withWebhook(env: Record<string, string> = {}) {
  const receiver = await Receiver.start();
  const started = await startTestService({
    ALERT_WEBHOOK_URL: `${receiver.url}/hook`,
    ALERT_WEBHOOK_SECRET: SECRET,
    ...env,
  });
  const untilTaken = (count: number, timeoutMs = 10_000) =>
    eventually(
      () => receiver.taken,
      (taken) => taken.length >= count,
      timeoutMs,
    );
  return { ...started, receiver, register: registerOf(started.service), untilTaken };
}

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

describe('a dead sink', () => {
  /** How long the test waits by moving the clock instead. */
  const LATER = 6 * MINUTE;

  const cases: readonly [string, Mood | 'refuses', RegExp][] = [
    ['refuses connections', 'refuses', /^No answer: ECONNREFUSED$/],
    ['answers 500', 500, /^It answered 500: what the receiver says$/],
    ['redirects', 301, /^It answered 301; redirects are not followed$/],
  ];

  it.each(cases)('that %s hears everything in order once it is back', async (_, mood, lastError) => {
    const { receiver, register, untilTaken, api, databaseUrl } = await withWebhook();
    if (mood === 'refuses') await receiver.stop();
    else receiver.mood = mood;
    await register.raise(testAlarm(), { count: { added: 1 } });
    await eventually(
      () => deliveryTo(api, 'webhook'),
      (delivery) => (delivery?.attempts ?? 0) >= 2,
    );
    await register.raise(testAlarm(), { count: { added: 4 } });
    await register.resolve(testAlarm().cause, 'It is over.');
    expect(await deliveryTo(api, 'webhook')).toMatchObject({
      state: 'failing',
      told: null,
      lastError: expect.stringMatching(lastError),
    });
    expect(await deliveryTo(api, 'log')).toMatchObject({ told: expect.stringMatching(/opened|resolved/) });

    if (mood === 'refuses') await receiver.listen();
    else receiver.mood = 'takes';
    await moveClock(databaseUrl, LATER);
    await untilTaken(2);
    expect(storyOf(receiver)).toEqual([
      ['alert.opened', 5],
      ['alert.resolved', 5],
    ]);
    const told = await eventually(
      () => deliveryTo(api, 'webhook'),
      (delivery) => delivery?.told === 'resolved',
    );
    expect(told).toMatchObject({ state: 'delivered', lastError: null });
  });

  it('that hangs is told eight things at once at most, and the other sinks hear the rest', async () => {
    const slack = await Receiver.start();
    const { receiver, register, database } = await withWebhook({ SLACK_WEBHOOK_URL: `${slack.url}/services/T0/B0` });
    receiver.mood = 'hangs';
    for (let code = 1; code <= 7; code += 1) {
      await register.raise(testAlarm({ cause: `request_errors:400:${code}` }), { count: { added: 1 } });
    }
    await eventually(
      () => receiver.asked,
      (asked) => asked.length === 7,
      8000,
    );
    // Ten more of them in one moment.
    await database.query(`
      INSERT INTO alerts
      SELECT (jsonb_populate_record(NULL::alerts, to_jsonb(a) || jsonb_build_object('id', gen_random_uuid(), 'cause', 'request_errors:400:' || code))).*
      FROM (SELECT * FROM alerts LIMIT 1) AS a, generate_series(8, 17) AS code`);
    await eventually(
      () => slack.taken,
      (taken) => taken.length === 17,
      8000,
    );
    const { rows } = await database.query(
      `SELECT count(*)::int AS told FROM alert_deliveries WHERE sink = 'webhook' AND lease_token IS NOT NULL`,
    );
    expect(rows).toEqual([{ told: 8 }]);
  });

  it('that hangs keeps neither the other sinks nor a send waiting, and is given up after 10 s', async () => {
    const slack = await Receiver.start();
    const { receiver, register, api } = await withWebhook({ SLACK_WEBHOOK_URL: `${slack.url}/services/T0/B0` });
    receiver.mood = 'hangs';
    for (const code of [1, 2, 3]) {
      await register.raise(testAlarm({ cause: `request_errors:400:${code}` }), { count: { added: 1 } });
    }
    const since = performance.now();
    await eventually(
      () => slack.taken,
      (taken) => taken.length === 3,
      8000,
    );
    await api.untilStatus(await api.send({ to: '+15551230001', channels: ['sms'], body: 'Hello' }), 'delivered');
    expect(performance.now() - since).toBeLessThan(8000);
    const failing = await eventually(
      () => deliveryTo(api, 'webhook'),
      (delivery) => delivery?.state === 'failing',
      20_000,
    );
    expect(failing?.lastError).toBe('No answer: nothing within 10 s');
    receiver.mood = 'takes';
    await eventually(
      () => receiver.taken,
      (taken) => taken.length === 3,
    );
  });

  it('tries the same news under the same id', async () => {
    const { receiver, register, untilTaken } = await withWebhook();
    receiver.mood = 500;
    await register.raise(testAlarm(), { count: { added: 1 } });
    await eventually(
      () => receiver.asked,
      (asked) => asked.length >= 2,
    );
    receiver.mood = 'takes';
    await untilTaken(1);
    const ids = receiver.asked.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(1);
  });

  it('is parked and shown after a day of failures, and still hears the end', async () => {
    const { receiver, register, untilTaken, api, databaseUrl } = await withWebhook();
    receiver.mood = 500;
    await register.raise(testAlarm({ ends: 'with_its_cause' }), { count: { added: 1 } });
    const failing = (attempts: number) =>
      eventually(
        () => deliveryTo(api, 'webhook'),
        (delivery) => (delivery?.attempts ?? 0) >= attempts,
      );
    await failing(1);
    await moveClock(databaseUrl, 25 * 60 * MINUTE);
    await failing(2);
    expect(await deliveryTo(api, 'webhook')).toMatchObject({ state: 'parked', retryAt: null });
    receiver.mood = 'takes';
    await moveClock(databaseUrl, 60 * MINUTE);
    await register.raise(testAlarm({ cause: 'another' }), { count: { added: 1 } });
    await untilTaken(1);
    expect(receiver.taken.map((heard) => bodyOf(heard).data['cause'])).toEqual(['another']);
    await register.resolve(testAlarm().cause, 'It is over.');
    const ends = await eventually(
      () => receiver.taken.filter((heard) => bodyOf(heard).data['cause'] === testAlarm().cause),
      (taken) => taken.length === 2,
    );
    expect(ends.map((heard) => bodyOf(heard).type)).toEqual(['alert.opened', 'alert.resolved']);
  });

  it('that was parked gets a new chance when the service starts again', async () => {
    const started = await withWebhook();
    const { receiver, register, untilTaken, api, databaseUrl } = started;
    receiver.mood = 500;
    await register.raise(testAlarm({ ends: 'with_its_cause' }), { count: { added: 1 } });
    await eventually(
      () => deliveryTo(api, 'webhook'),
      (delivery) => delivery?.state === 'failing',
    );
    await moveClock(databaseUrl, 25 * 60 * MINUTE);
    await eventually(
      () => deliveryTo(api, 'webhook'),
      (delivery) => delivery?.state === 'parked',
    );
    receiver.mood = 'takes';
    await started.replica();
    await untilTaken(1);
    expect(storyOf(receiver)).toEqual([['alert.opened', 1]]);
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
        'The provider answers 400 with code 21211 &lt;of a test&gt;. It is over.',
        expect.stringMatching(/^1 refusal since .+, until .+ UTC\.$/),
        expect.stringContaining(path),
      ],
    ]);
    expect(await api.get(path)).toMatchObject({ status: 200, body: { id } });
  });
});
