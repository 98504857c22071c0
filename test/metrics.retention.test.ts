import { expect, it } from 'vitest';
import { ADVISORY_LOCK } from '../src/database/advisory-locks.js';
import { Retention } from '../src/retention/retention.service.js';
import { scrape, valueOf } from './metrics.setup.js';
import { HOUR } from './retention.setup.js';
import { NO_ROOM, refuse } from './support/bad-row.js';
import { moveClock } from './support/clock.js';
import { startTestService } from './support/service.js';
import { startTransaction } from './support/transactions.js';

it('counts the rounds of retention by how they ended', async () => {
  const { api, url, database, databaseUrl, service } = await startTestService({
    // So that it begins no rounds of its own.
    ROLE: 'api',
    BODY_RETENTION_HOURS: '1',
  });
  const retention = service.app.get(Retention);
  const rounds = async () => {
    const page = await scrape(url);
    const of = (result: string) => valueOf(page, 'postrider_retention_rounds_total', { result });
    return { completed: of('completed'), elsewhere: of('elsewhere'), failed: of('failed') };
  };
  expect(await scrape(url)).toContain('postrider_retention_rounds_total{result="failed"} 0');
  const id = await api.send({ to: '+15551230001', channels: ['sms'], body: 'Hello' });
  expect((await api.post(`/v1/notifications/${id}/cancel`)).status).toBe(200);
  await moveClock(databaseUrl, 2 * HOUR);

  const { mend } = await refuse(database, { table: 'notifications', on: 'UPDATE', ...NO_ROOM });
  await expect(retention.round()).rejects.toThrow(NO_ROOM.says);
  expect(await rounds()).toEqual({ completed: 0, elsewhere: 0, failed: 1 });
  await mend();

  const other = await startTransaction(databaseUrl);
  await other.query('LOCK TABLE callbacks IN SHARE MODE');
  await retention.round();
  expect(await rounds()).toEqual({ completed: 0, elsewhere: 0, failed: 2 });
  await other.query('ROLLBACK');

  await other.query('BEGIN');
  await other.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK.retention]);
  await retention.round();
  expect(await rounds()).toEqual({ completed: 0, elsewhere: 1, failed: 2 });
  await other.query('ROLLBACK');

  expect(await retention.round()).toEqual({ bodies: 1, notifications: 0 });
  expect(await rounds()).toEqual({ completed: 1, elsewhere: 1, failed: 2 });
});
