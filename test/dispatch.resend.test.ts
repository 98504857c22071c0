import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { startDoubtfulProvider, type Question } from './dispatch.questions.setup.js';
import { startTestService } from './support/service.js';

it('is not sent again under a lease that ran out while its statement waited', async () => {
  const provider = await startDoubtfulProvider();
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<Question>();
  provider.onQuestion = onAsked;
  const { api, database, databaseUrl } = await startTestService({
    TWILIO_BASE_URL: provider.url,
    TWILIO_TIMEOUT_MS: '3000',
    LEASE_MS: '3200',
  });
  const leases: unknown[] = [];
  const other = new Client({ connectionString: databaseUrl });
  await other.connect();
  onTestFinished(() => other.end());
  provider.onMessage = async () => {
    leases.push(...(await other.query('SELECT leased_until > service_now() AS holds FROM outbox')).rows);
  };

  const id = await api.send({ to: '+15551230001', channels: ['sms'], body: 'Hello' });
  const question = await asked;
  await database.query('BEGIN');
  await database.query('SELECT 1 FROM outbox WHERE notification_id = $1 FOR UPDATE', [id]);
  question.answer();
  const waitsForItsRow = async () =>
    (
      await other.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
           AND query LIKE '%resent AS%' AND clock_timestamp() - query_start > interval '3300 milliseconds'`,
      )
    ).rows.length;
  await expect.poll(waitsForItsRow).toBe(1);
  provider.onQuestion = (again) => again.answer();
  await database.query('COMMIT');

  const sent = await api.untilStatus(id, 'sent');
  expect(leases).toEqual([{ holds: true }]);
  expect(provider.messages).toBe(2);
  expect(sent.deliveries[0]?.attempts).toMatchObject([
    { number: 1, outcome: 'unknown' },
    { number: 2, outcome: 'accepted', possibleDuplicate: true },
  ]);
});
