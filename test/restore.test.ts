import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Client } from 'pg';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { moveClock } from './support/clock.js';
import { Provider, startTestService, UNDER_WAY } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

const AFTER_RESTORE = readFileSync(new URL('../docs/operations/after-restore.sql', import.meta.url), 'utf8');
const [WATCHED, SENT_SINCE, NOT_SENT, SCHEDULED, WATCHED_SINCE] = Array.from(
  { length: 5 },
  (_, index) => `+1555127000${index}`,
) as [string, string, string, string, string];
const TIMER = { channels: ['whatsapp', 'sms'], body: 'Hello', fallbackAfterSeconds: 600 };

/** All data as it is; what brings it back. Nobody writes meanwhile. */
async function backUp(database: Client): Promise<() => Promise<void>> {
  const { rows } = await database.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`,
  );
  const names = rows.map(({ name }) => name);
  await database.query('CREATE SCHEMA backup');
  for (const name of names) await database.query(`CREATE TABLE backup.${name} AS TABLE public.${name}`);
  return async () => {
    await database.query(`TRUNCATE ${names.map((name) => `public.${name}`).join(', ')}`);
    for (const name of names) await database.query(`INSERT INTO public.${name} TABLE backup.${name}`);
  };
}

it('after a restore and its script, nothing goes out twice that Twilio knows, and everything else goes out', async () => {
  const service = await startTestService({ ROLE: 'api' }, UNDER_WAY);
  const { api, database, simulator, databaseUrl } = service;
  const provider = new Provider(simulator.url);
  const creates = async (...recipients: string[]) =>
    (await Promise.all(recipients.map((to) => provider.creates(to)))).map((requests) => requests.length);

  let worker = await service.replica({ ROLE: 'worker' });
  const watched = await api.send({ to: WATCHED, ...TIMER });
  await api.untilStatus(watched, 'sent');
  await worker.close();
  const sentSince = await api.send({ to: SENT_SINCE, channels: ['sms'], body: 'Your parcel is here' });
  const notSent = await api.send({ to: NOT_SENT, channels: ['sms'], body: 'So is yours' });
  const sendAt = new Date(Date.now() + 3_600_000).toISOString();
  const scheduled = await api.send({ to: SCHEDULED, channels: ['sms'], body: 'Later', sendAt });
  const restore = await backUp(database);

  await provider.fail(NOT_SENT, { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 400 } });
  worker = await service.replica({ ROLE: 'worker' });
  await api.untilStatus(sentSince, 'sent');
  await api.untilStatus(notSent, 'failed');
  await worker.close();
  const [delivery] = (await read(watched)).deliveries;
  const attemptId = delivery?.attempts[0]?.id ?? '';
  await new TwilioCallback(service).message(attemptId, delivery?.providerSid ?? '', 'delivered');

  await restore();
  await database.query(AFTER_RESTORE);
  await service.replica({ ROLE: 'worker' });
  const [found, resent] = [await api.untilStatus(sentSince, 'sent'), await api.untilStatus(notSent, 'sent')];
  expect(found.deliveries[0]?.attempts).toMatchObject([{ outcome: 'accepted', possibleDuplicate: false }]);
  expect(resent.deliveries[0]?.attempts).toMatchObject([{ outcome: 'unknown' }, { outcome: 'accepted' }]);
  expect(await creates(SENT_SINCE, NOT_SENT)).toEqual([1, 2]);
  expect(await read(scheduled)).toMatchObject({ status: 'scheduled', deliveries: [{ attempts: [] }] });

  // The timers of both would have run out; the one that was accepted after the restore has its timer still.
  await provider.fail(`whatsapp:${WATCHED_SINCE}`, { fault: { kind: 'callback', status: 'sent' } });
  const watchedSince = await api.send({ to: WATCHED_SINCE, ...TIMER });
  await api.untilStatus(watchedSince, 'sent');
  await moveClock(databaseUrl, 601_000);
  await api.until(watchedSince, ({ deliveries }) => deliveries[1]?.status === 'sent');
  expect(await creates(WATCHED, WATCHED_SINCE)).toEqual([1, 2]);
  expect(await read(watched)).toMatchObject({ status: 'sent', deliveries: [{ channel: 'whatsapp' }] });

  async function read(id: string): Promise<NotificationDto> {
    return (await api.get<NotificationDto>(`/v1/notifications/${id}`)).body;
  }
});
