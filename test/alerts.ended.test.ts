import { expect, it } from 'vitest';
import { alertsOf, Receiver, registerOf, testAlarm } from './alerts.setup.js';
import { bodyOf } from './alerts.webhook.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { startTestService } from './support/service.js';

const MINUTE = 60_000;

it('an alert that was over before a sink was there is still told, unless that is long ago', async () => {
  const receiver = await Receiver.start();
  const test = await startTestService({ ROLE: 'api' });
  const register = registerOf(test.service);
  for (const cause of ['long:ago', 'a:moment:ago']) {
    await moveClock(test.databaseUrl, 16 * MINUTE);
    await register.raise(testAlarm({ cause, severity: 'warning', summary: cause }), { count: { added: 1 } });
    await register.resolve(cause, 'It is over.');
  }
  await test.replica({ PAGERDUTY_ROUTING_KEY: 'R0123456789', PAGERDUTY_URL: receiver.url });
  const events = await eventually(
    () => receiver.taken.map(({ text }): unknown => JSON.parse(text)),
    (taken) => taken.length >= 2,
  );
  expect(events).toMatchObject([
    { event_action: 'trigger', payload: { severity: 'warning', summary: expect.stringContaining('a:moment:ago') } },
    { event_action: 'resolve' },
  ]);
});

it('an alert that was over before it could be told is open in the first piece of news, and over in the second', async () => {
  const receiver = await Receiver.start();
  const test = await startTestService({ ROLE: 'api' });
  const register = registerOf(test.service);
  await register.raise(testAlarm(), { count: { added: 1 } });
  await register.resolve(testAlarm().cause, 'It is over.');
  const [alert] = await alertsOf(test.api);
  await test.replica({ ALERT_WEBHOOK_URL: receiver.url });
  const news = await eventually(
    () => receiver.taken.map(bodyOf),
    (taken) => taken.length >= 2,
  );
  expect(news).toMatchObject([
    { type: 'alert.opened', data: { state: 'open', resolvedAt: null, ending: null } },
    { type: 'alert.resolved', data: { state: 'resolved', resolvedAt: alert?.resolvedAt, ending: 'It is over.' } },
  ]);
});

it('an alert that is over is kept as long as the history, and an open one for ever', async () => {
  const { api, service, databaseUrl } = await startTestService({ ROLE: 'api', HISTORY_RETENTION_DAYS: '400' });
  const register = registerOf(service);
  await register.raise(testAlarm({ cause: 'open', ends: 'with_its_cause' }), { count: { added: 1 } });
  await register.raise(testAlarm({ cause: 'over' }), { count: { added: 1 } });
  await register.resolve('over', 'It is over.');
  const kept = async () => (await alertsOf(api)).map(({ cause }) => cause).toSorted();
  await moveClock(databaseUrl, 6 * 24 * 60 * MINUTE);
  await register.forget(7);
  expect(await kept()).toEqual(['open', 'over']);
  await moveClock(databaseUrl, 2 * 24 * 60 * MINUTE);
  await register.forget(7);
  expect(await kept()).toEqual(['open']);
});

it('whoever looks after the alerts forgets those that have been over for that long', async () => {
  const { api, service, databaseUrl } = await startTestService({ ROLE: 'api', HISTORY_RETENTION_DAYS: '7' });
  const register = registerOf(service);
  for (const cause of ['first', 'second']) {
    await register.raise(testAlarm({ cause }), { count: { added: 1 } });
    await register.resolve(cause, 'It is over.');
    await moveClock(databaseUrl, 4 * 24 * 60 * MINUTE);
  }
  await expect.poll(async () => (await alertsOf(api)).map(({ cause }) => cause)).toEqual(['second']);
});
