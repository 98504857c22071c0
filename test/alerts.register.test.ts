import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { alertsOf, registerOf, testAlarm } from './alerts.setup.js';
import { startTestService } from './support/service.js';

const HOUR = 3_600_000;
const ONE = { count: { added: 1 } } as const;

async function start() {
  const { api, service } = await startTestService({ ROLE: 'api' });
  return { register: registerOf(service), alerts: () => alertsOf(api) };
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

it('an alert about what began long ago is not quiet when it is raised', async () => {
  const { register, alerts } = await start();
  const since = new Date(Date.now() - HOUR);
  await register.raise(testAlarm(), { ...ONE, since });
  await register.resolveQuiet();
  expect(await alerts()).toMatchObject([{ state: 'open', openedAt: since.toISOString() }]);
});

it('an alert is over no sooner than it was opened, whichever clock told its end', async () => {
  const { register, alerts } = await start();
  await register.raise(testAlarm(), ONE);
  await register.resolve(testAlarm().cause, 'Over.', new Date(Date.now() - HOUR));
  const [alert] = await alerts();
  expect(alert).toMatchObject({ state: 'resolved', resolvedAt: alert?.openedAt });
});
