import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { alertsOf, registerOf, testAlarm } from './alerts.setup.js';
import { moveClock } from './support/clock.js';
import { startTestService } from './support/service.js';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const ONE = { count: { added: 1 } } as const;

async function start() {
  const { api, service, database, databaseUrl } = await startTestService({ ROLE: 'api' });
  return { register: registerOf(service), alerts: () => alertsOf(api), database, databaseUrl };
}

it('an alert is about the same circuit whatever its victims say, and what that holds counts until it is over', async () => {
  const { register, alerts } = await start();
  const subjectId = randomUUID();
  await register.raise(testAlarm({ subjectId, ends: 'with_its_cause' }), ONE);
  await register.raise(testAlarm(), ONE);
  await register.addHeld(subjectId, 3);
  expect(await alerts()).toMatchObject([{ count: 5 }]);
  await register.resolve(testAlarm().cause, 'Over.');
  await register.addHeld(subjectId, 3);
  expect(await alerts()).toMatchObject([{ count: 5, state: 'resolved', ending: 'Over.' }]);
});

it('an alert is told in the words of what came last', async () => {
  const { register, alerts } = await start();
  const first = { summary: 'The first.', advice: 'Look.', facts: { latestNotificationId: 'first' } };
  const last = { summary: 'The last.', advice: 'Look again.', facts: { latestNotificationId: 'last' } };
  for (const words of [first, last]) await register.raise(testAlarm(words), ONE);
  expect(await alerts()).toMatchObject([{ ...last, count: 2 }]);
});

it('an alert about what began long ago is not quiet when it is raised', async () => {
  const { register, alerts } = await start();
  const since = new Date(Date.now() - HOUR);
  await register.raise(testAlarm(), { ...ONE, since });
  await register.resolveQuiet();
  expect(await alerts()).toMatchObject([{ state: 'open', openedAt: since.toISOString() }]);
});

it('an alert was last seen no sooner than it was opened, though its transaction began before', async () => {
  const { register, alerts } = await start();
  const since = new Date(Date.now() + MINUTE);
  await register.raise(testAlarm(), { ...ONE, since });
  expect(await alerts()).toMatchObject([{ openedAt: since.toISOString(), lastSeenAt: since.toISOString() }]);
});

it('an alert is over no sooner than it was opened, whichever clock told its end', async () => {
  const { register, alerts } = await start();
  await register.raise(testAlarm(), ONE);
  await register.resolve(testAlarm().cause, 'Over.', new Date(Date.now() - HOUR));
  const [alert] = await alerts();
  expect(alert).toMatchObject({ state: 'resolved', resolvedAt: alert?.openedAt });
});

it('an alert becomes as bad as the worst that is added to it, and no milder again', async () => {
  const { register, alerts } = await start();
  for (const severity of ['warning', 'critical', 'error'] as const) await register.raise(testAlarm({ severity }), ONE);
  expect(await alerts()).toMatchObject([{ severity: 'critical', count: 3 }]);
});

it('an alert to which held sends are added is not quiet, and there is news of it', async () => {
  const { register, alerts, database, databaseUrl } = await start();
  const subjectId = randomUUID();
  await register.raise(testAlarm({ subjectId }), ONE);
  const version = async () => (await database.query('SELECT version FROM alerts')).rows[0]?.version;
  const before = await version();
  await moveClock(databaseUrl, 14 * MINUTE);
  await register.addHeld(subjectId, 3);
  expect(await version()).toBeGreaterThan(before);
  await moveClock(databaseUrl, 14 * MINUTE);
  await register.resolveQuiet();
  expect(await alerts()).toMatchObject([{ state: 'open', count: 4 }]);
});

it('an alert shows when it last changed', async () => {
  const { register, alerts, databaseUrl } = await start();
  const subjectId = randomUUID();
  // It does not end by itself while it is quiet for hours.
  const alarm = testAlarm({ subjectId, ends: 'with_its_cause' });
  const changes = [
    () => register.raise(alarm, ONE),
    () => register.raise(alarm, ONE),
    () => register.addHeld(subjectId, 3),
    () => register.resolve(testAlarm().cause, 'Over.'),
  ];
  let last = 0;
  for (const [which, change] of changes.entries()) {
    await change();
    const updatedAt = Date.parse((await alerts())[0]?.updatedAt ?? '');
    expect(updatedAt - last, `change ${which}`).toBeGreaterThanOrEqual(HOUR);
    last = updatedAt;
    await moveClock(databaseUrl, HOUR);
  }
});
