import { expect, it } from 'vitest';
import { Outbox } from '../src/outbox/outbox.js';
import { PRIORITY } from '../src/outbox/work.js';
import { ACCOUNT } from './incidents.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import { creations, startTestService } from './support/service.js';

const sms = (number: number) => ({
  to: `+1555123${String(number).padStart(4, '0')}`,
  channels: ['sms'],
  body: `Hello ${number}`,
});

it('keeps the place of work that is held a second time', async () => {
  const test = await startTestService();
  const { operator } = handsOn(test);
  const open = async (scope: string) => {
    const { id } = await operator.circuit(scope);
    expect((await test.api.post(`/v1/admin/circuits/${id}/open`)).status).toBe(200);
  };
  const untilHeld = (scope: string, count: number) =>
    eventually(
      () => operator.circuit(scope),
      ({ heldCount }) => heldCount === count,
    );
  await open('resource:sms');
  for (const number of [0, 1, 2, 3, 4]) await test.api.send(sms(number));
  await untilHeld('resource:sms', 5);
  await open(ACCOUNT);
  await Promise.all(Array.from({ length: 30 }, (_, number) => test.api.send(sms(100 + number))));
  await untilHeld(ACCOUNT, 30);
  await operator.close('resource:sms');
  await untilHeld(ACCOUNT, 35);
  await operator.close(ACCOUNT);
  const order = await eventually(
    () => creations(test.simulator.url),
    ({ length }) => length === 35,
  );
  const places = order.map(({ to }, index) => (Number(to.slice(-4)) < 100 ? index : -1)).filter((place) => place >= 0);
  // In steps of 1, 2 and 4: what goes out in one step is in no order.
  expect(Math.max(...places)).toBeLessThan(7);
});

it('counts the lateness of what was held from the moment it was let out', async () => {
  const test = await startTestService({ ROLE: 'api' });
  const outbox = partOf(test.service, Outbox);
  await test.api.send(sms(1));
  const lateness = async () => {
    const rows = await outbox.backlog();
    return rows.find(({ priority }) => priority === PRIORITY.transactional);
  };
  const holder = crypto.randomUUID();
  await test.database.query('UPDATE outbox SET held_by = $1', [holder]);
  await moveClock(test.databaseUrl, 600_000);
  expect(await lateness()).toMatchObject({ depth: 0 });
  expect(await outbox.release(holder, 10)).toHaveLength(1);
  expect(await lateness()).toMatchObject({ depth: 1 });
  expect((await lateness())?.oldestSeconds).toBeLessThan(60);
  await moveClock(test.databaseUrl, 400_000);
  expect((await lateness())?.oldestSeconds).toBeGreaterThanOrEqual(400);
});
