import { expect, it } from 'vitest';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { startTestService } from './support/service.js';
import { startTransaction } from './support/transactions.js';

it('shows a failure with the callback that reported it, also where both are written while it is read', async () => {
  const { api, database, databaseUrl } = await startTestService();
  const id = await api.send({ to: '+15005553016', channels: ['whatsapp', 'sms'], body: 'Hello' });
  await api.untilStatus(id, 'delivered');
  for (const table of ['callbacks', 'failures']) {
    await database.query(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`);
    await database.query(`DELETE FROM ${table}`);
  }
  const writer = await startTransaction(databaseUrl);
  await writer.query('LOCK TABLE failures IN ACCESS EXCLUSIVE MODE');
  const answer = api.get<NotificationDto>(`/v1/notifications/${id}`);
  const waits = `SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FailureRecord%'`;
  await expect.poll(async () => (await database.query(waits)).rows.length, { timeout: 20_000 }).toBeGreaterThan(0);
  for (const table of ['callbacks', 'failures']) {
    await writer.query(`INSERT INTO ${table} SELECT * FROM kept_${table}`);
  }
  await writer.query('COMMIT');
  const [whatsapp] = (await answer).body.deliveries;
  expect(whatsapp?.attempts[0]?.nextStep).toMatchObject({ kind: 'fallback', channel: 'sms' });
  expect(whatsapp?.callbacks.map(({ errorCode }) => errorCode)).toContain(63_016);
});
