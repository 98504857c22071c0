import { expect, it } from 'vitest';
import { scrape, valueOf } from './metrics.setup.js';
import { NO_ROOM, refuse } from './support/bad-row.js';
import { startTestService } from './support/service.js';

const SMS = { to: '+15551230001', channels: ['sms'], body: 'Hello' };

async function failures(url: string): Promise<Record<string, number>> {
  const page = await scrape(url);
  const of = (problem: string) => valueOf(page, 'postrider_requests_failed_total', { problem });
  return { internal: of('internal'), overloaded: of('overloaded'), unavailable: of('unavailable') };
}

it('counts requests that find no room in the database, although it still answers what is read', async () => {
  const { api, url, database } = await startTestService();
  expect(await scrape(url)).toContain('postrider_requests_failed_total{problem="overloaded"} 0');
  const { mend } = await refuse(database, { table: 'notifications', ...NO_ROOM });
  expect((await api.post('/v1/notifications', SMS)).status).toBe(503);
  expect(await failures(url)).toEqual({ internal: 0, overloaded: 0, unavailable: 1 });
  expect(valueOf(await scrape(url), 'postrider_scrape_errors_total')).toBe(0);
  await mend();
  expect((await api.post('/v1/notifications', SMS)).status).toBe(202);
  expect(await failures(url)).toEqual({ internal: 0, overloaded: 0, unavailable: 1 });
});

it('counts a batch of which some items failed, once, and nothing that is the fault of the caller', async () => {
  const { api, url, database } = await startTestService();
  const others = ['+15551230002', '+15551230003'];
  await refuse(database, {
    table: 'notifications',
    when: `NEW.recipient IN ('${others.join("','")}')`,
    sqlState: '22023',
  });
  const notifications = [SMS, ...others.map((to) => ({ ...SMS, to })), { ...SMS, to: 'nobody' }];
  const batch = await api.post('/v1/notifications/batch', { notifications });
  expect(batch).toMatchObject({ status: 202, body: { accepted: 1, rejected: 3 } });
  expect((await api.post('/v1/notifications', { ...SMS, to: 'nobody' })).status).toBe(400);
  expect((await api.get('/v1/nothing')).status).toBe(404);
  expect(await failures(url)).toEqual({ internal: 1, overloaded: 0, unavailable: 0 });
});
