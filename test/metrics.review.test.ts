import { expect, it } from 'vitest';
import { READINGS } from '../src/metrics/readings.sql.js';
import { scrape, valueOf } from './metrics.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { startTestService } from './support/service.js';

const HOUR = 3_600_000;
/** Refused on WhatsApp, which has no other channel here. */
const LOST = { to: '+15005552003', channels: ['whatsapp'], body: 'Hello' };

it('tells how long the oldest dead letter that is still open has waited', async () => {
  const { api, url, databaseUrl } = await startTestService();
  /** The readings are taken anew after five seconds. */
  const untilAge = (least: number, most: number) =>
    eventually(
      async () => valueOf(await scrape(url), 'postrider_dead_letters_oldest_seconds'),
      (seconds) => seconds >= least && seconds <= most,
    );
  expect(await scrape(url)).toMatch(/^postrider_dead_letters_oldest_seconds 0$/m);
  const deadLetterOf = async (id: string) => (await api.untilStatus(id, 'failed')).deadLetter?.id;
  const first = await deadLetterOf(await api.send(LOST));
  await moveClock(databaseUrl, 20 * HOUR);
  await deadLetterOf(await api.send(LOST));
  await moveClock(databaseUrl, 10 * HOUR);
  await untilAge(30 * 3600, 30 * 3600 + 300);
  expect((await api.post(`/v1/admin/dead-letters/${first}/discard`)).status).toBe(200);
  await untilAge(10 * 3600, 10 * 3600 + 300);
});

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly Plans?: readonly PlanNode[];
}

it('reads one row for that, and 100,000 at most to count them, however many wait', async () => {
  const { url, database } = await startTestService({ ROLE: 'api' });
  await database.query(`
    INSERT INTO dead_letters (id, notification_id, delivery_id, client_id, state, error_class, channel, category, reason,
      opened_at)
    SELECT new_uuid_v7(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'open', 'provider_fault', 'sms', 'otp',
      'An outage.', service_now()
    FROM generate_series(1, 100010)`);
  const rowsOf = (node: PlanNode): number[] => [
    ...(node['Relation Name'] === 'dead_letters' ? [node['Actual Rows']] : []),
    ...(node.Plans ?? []).flatMap(rowsOf),
  ];
  for (const analysed of [false, true]) {
    if (analysed) await database.query('ANALYZE dead_letters');
    const { rows } = await database.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${READINGS.text.replace('$1', `'{log}'`)}`);
    expect(rowsOf(rows[0]['QUERY PLAN'][0].Plan).toSorted((a, b) => a - b)).toEqual([1, 100_000]);
  }
  expect(valueOf(await scrape(url), 'postrider_dead_letters_open')).toBe(100_000);
});
