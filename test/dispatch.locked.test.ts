import { expect, it, vi } from 'vitest';
import { Outbox } from '../src/outbox/outbox.js';
import { startTestService } from './support/service.js';

it('does not look again and again for a due row that somebody else holds', async () => {
  const started = await startTestService({ ROLE: 'api' });
  const { api, database } = started;
  const id = await api.send({ to: '+15551230001', channels: ['sms'], body: 'Hello' });
  await database.query('BEGIN');
  await database.query('SELECT 1 FROM outbox WHERE notification_id = $1 FOR UPDATE', [id]);
  const worker = await started.replica({ ROLE: 'worker' });
  // Looks on; nothing is replaced.
  const claims = vi.spyOn(worker.app.get(Outbox), 'claim');
  await expect.poll(() => claims.mock.calls.length).toBeGreaterThan(1);
  const [before, at] = [claims.mock.calls.length, performance.now()];
  await expect.poll(() => claims.mock.calls.length, { interval: 1 }).toBeGreaterThanOrEqual(before + 10);
  expect((performance.now() - at) / (claims.mock.calls.length - before)).toBeGreaterThan(20);
  await database.query('COMMIT');
  await api.untilStatus(id, 'sent', 'delivered');
});
