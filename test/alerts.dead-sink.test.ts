import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { deliveryTo, Receiver, registerOf, testAlarm, type Mood } from './alerts.setup.js';
import { bodyOf, storyOf, withWebhook } from './alerts.webhook.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { keepLines } from './support/log.lines.js';
import { startTestService, type ServiceUnderTest } from './support/service.js';

const MINUTE = 61_000;

/** How long the tests wait by moving the clock instead. */
const LATER = 6 * MINUTE;

/** Waits until the webhook has failed so often, passing over the time that it is left alone in between. */
async function untilFailed({ api, databaseUrl }: ServiceUnderTest, times: number): Promise<void> {
  for (let failures = 1; failures <= times; failures += 1) {
    if (failures > 1) await moveClock(databaseUrl, LATER);
    await eventually(
      () => deliveryTo(api, 'webhook'),
      (delivery) => (delivery?.attempts ?? 0) >= failures,
    );
  }
}

/**
 * The webhook took one alert, asked to be left alone when it heard of a second, and would take it now.
 * @returns with the seconds that each has to wait: two statements see to that, first for the second alert, then for all
 */
async function leftAlone(mood: Mood, retryAfter: string) {
  const started = await withWebhook();
  const { api, database, receiver, register } = started;
  await register.raise(testAlarm({ cause: 'another', ends: 'with_its_cause' }), { count: { added: 1 } });
  await eventually(
    () => deliveryTo(api, 'webhook'),
    (delivery) => delivery?.told === 'opened',
  );
  receiver.mood = mood;
  receiver.retryAfter = retryAfter;
  await register.raise(testAlarm({ ends: 'with_its_cause' }), { count: { added: 1 } });
  const waits = async () => {
    const { rows } = await database.query<{ seconds: number }>(
      `SELECT extract(epoch FROM due_at - service_now())::int AS seconds FROM alert_deliveries WHERE sink = 'webhook'`,
    );
    return rows.map(({ seconds }) => seconds);
  };
  const asked = await eventually(waits, (seconds) => seconds.length === 2 && seconds.every((each) => each > 0));
  receiver.mood = 'takes';
  return { ...started, asked };
}

describe('a dead sink', () => {
  const cases: readonly [string, Mood | 'refuses', RegExp][] = [
    ['refuses connections', 'refuses', /^No answer: ECONNREFUSED$/],
    ['answers 500', 500, /^It answered 500: what the receiver says$/],
    ['redirects', 301, /^It answered 301; redirects are not followed$/],
  ];

  it.each(cases)('that %s hears everything in order once it is back', async (_, mood, lastError) => {
    const started = await withWebhook();
    const { receiver, register, untilTaken, api, databaseUrl } = started;
    if (mood === 'refuses') await receiver.stop();
    else receiver.mood = mood;
    await register.raise(testAlarm(), { count: { added: 1 } });
    await untilFailed(started, 2);
    await register.raise(testAlarm(), { count: { added: 4 } });
    await register.resolve(testAlarm().cause, 'It is over.');
    expect(await deliveryTo(api, 'webhook')).toMatchObject({
      state: 'failing',
      told: null,
      lastError: expect.stringMatching(lastError),
    });
    await eventually(
      () => deliveryTo(api, 'log'),
      (delivery) => delivery?.told === 'opened' || delivery?.told === 'resolved',
    );

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
    await eventually(
      () => slack.taken,
      (taken) => taken.length === 3,
    );
    await api.untilStatus(await api.send({ to: '+15551230001', channels: ['sms'], body: 'Hello' }), 'delivered');
    expect(await deliveryTo(api, 'webhook')).toMatchObject({ attempts: 0, lastError: null });
    const failing = await eventually(
      () => deliveryTo(api, 'webhook'),
      (delivery) => delivery?.state === 'failing',
    );
    expect(failing?.lastError).toBe('No answer: nothing within 10 s');
    receiver.mood = 'takes';
    await eventually(
      () => receiver.taken,
      (taken) => taken.length === 3,
    );
  });

  it('that forgets is asked again before it has forgotten, however often it failed', async () => {
    const alertmanager = await Receiver.start();
    alertmanager.mood = 503;
    const { service, api, database, databaseUrl } = await startTestService({ ALERTMANAGER_URL: alertmanager.url });
    await registerOf(service).raise(testAlarm(), { count: { added: 1 } });
    for (let failures = 1; failures <= 10; failures += 1) {
      await eventually(
        () => deliveryTo(api, 'alertmanager'),
        (delivery) => (delivery?.attempts ?? 0) >= failures,
      );
      if (failures < 10) await moveClock(databaseUrl, LATER);
    }
    const { rows } = await database.query<{ seconds: number }>(
      `SELECT extract(epoch FROM due_at - service_now())::int AS seconds FROM alert_deliveries WHERE sink = 'alertmanager'`,
    );
    expect(rows[0]?.seconds).toBeLessThanOrEqual(72);
    alertmanager.mood = 'takes';
    await moveClock(databaseUrl, 72_000);
    await eventually(
      () => alertmanager.taken,
      (taken) => taken.length > 0,
    );
  });

  it('that asks for time gets it, for all it has to hear', async () => {
    const { register, untilTaken, databaseUrl, asked } = await leftAlone(429, '1200');
    expect(Math.min(...asked)).toBeGreaterThan(1000);
    await register.resolve('another', 'It is over.');
    await moveClock(databaseUrl, 25 * MINUTE);
    await untilTaken(3);
  });

  it('that asks for a day is tried again after an hour', async () => {
    const { receiver, untilTaken, databaseUrl, asked } = await leftAlone(503, '86400');
    expect(Math.min(...asked)).toBeGreaterThan(3000);
    await moveClock(databaseUrl, 75 * MINUTE);
    await untilTaken(2);
    expect(storyOf(receiver)).toEqual([
      ['alert.opened', 1],
      ['alert.opened', 1],
    ]);
  });

  it('that hangs holds up a stop by seconds only, and hears it from who goes on', async () => {
    const started = await withWebhook({ TWILIO_TIMEOUT_MS: '1000' });
    const { receiver, service } = started;
    await service.close();
    const { destination, lines } = keepLines();
    const stopping = await started.replica({}, pino(destination));
    receiver.mood = 'hangs';
    await registerOf(stopping).raise(testAlarm(), { count: { added: 1 } });
    await eventually(
      () => receiver.asked,
      (asked) => asked.length === 1,
    );
    await stopping.close();
    expect(lines.filter((line) => line.includes('stopping before everything was closed'))).toEqual([]);
    receiver.mood = 'takes';
    await started.replica();
    // Long before the lease of the one that stopped would have ended.
    await eventually(
      () => receiver.taken,
      (taken) => taken.length === 1,
      20_000,
    );
  });

  it('tries the same news under the same id', async () => {
    const started = await withWebhook();
    const { receiver, register, untilTaken, databaseUrl } = started;
    receiver.mood = 500;
    await register.raise(testAlarm(), { count: { added: 1 } });
    await untilFailed(started, 2);
    receiver.mood = 'takes';
    await moveClock(databaseUrl, LATER);
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
