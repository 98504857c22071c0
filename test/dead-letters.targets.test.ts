import { expect, it } from 'vitest';
import type { DeadLetterDto } from '../src/dead-letters/dead-letter.dto.js';
import { bury } from './dead-letters.replays.setup.js';
import { Provider, shareTestService } from './support/service.js';

const QUEUE = '/v1/admin/dead-letters';
const REFUSED = { fault: { kind: 'status', status: 400, code: 21211 } };
const service = shareTestService({ TWILIO_VOICE_FROM: '+15005550007' });

/** In the review queue after the last resolution. */
async function buried(id: string, after?: DeadLetterDto): Promise<DeadLetterDto> {
  const { deadLetter } = await service().api.until(
    id,
    (seen) => seen.status === 'failed' && seen.deadLetter !== null && seen.deadLetter.id !== after?.id,
  );
  if (!deadLetter) throw new Error('It has no dead letter');
  return deadLetter;
}

it('a corrected sender stays with its channel: a retry keeps it, another channel has its own', async () => {
  const { api, simulator } = service();
  const provider = new Provider(simulator.url);
  const to = '+15551230001';
  await provider.fail(to, { ...REFUSED, match: { resource: 'messages' } });
  const id = await api.send({ to, channels: ['sms'], body: 'Hello' });
  const first = await buried(id);
  await api.post(`${QUEUE}/${first.id}/retry`, { changes: { sender: '+15005550099' } });
  const second = await buried(id, first);
  await api.post(`${QUEUE}/${second.id}/retry`);
  const third = await buried(id, second);
  expect((await api.post(`${QUEUE}/${third.id}/fallback`, { channel: 'voice' })).status).toBe(200);
  const { deliveries } = await api.untilStatus(id, 'delivered');
  const senders = ['+15005550006', '+15005550099', '+15005550099', '+15005550007'];
  expect(deliveries.map(({ from }) => from)).toEqual(senders);
  expect((await provider.creates(to)).map(({ params }) => params['From'])).toEqual(senders);
});

it('a preview counts all that fit, however many they are', async () => {
  await bury(service(), 501, { error_class: `'permission'` });
  const filter = { errorClass: 'permission' };
  const preview = await service().api.post(`${QUEUE}/replays`, { filter, action: 'discard', dryRun: true });
  expect(preview).toMatchObject({ status: 200, body: { matched: 501, excluded: [] } });
});

it('a range of opening holds its first moment and not its last', async () => {
  const { api, database, simulator } = service();
  const to = '+15551230002';
  await new Provider(simulator.url).fail(to, REFUSED);
  const { id } = await buried(await api.send({ to, channels: ['voice'], body: 'Hello' }));
  await database.query(`UPDATE dead_letters SET opened_at = date_trunc('milliseconds', opened_at) WHERE id = $1`, [id]);
  const { openedAt } = (await api.get<DeadLetterDto>(`${QUEUE}/${id}`)).body;
  const preview = async (range: Record<string, string>) => {
    const filter = { channel: 'voice', ...range };
    return (await api.post(`${QUEUE}/replays`, { filter, action: 'retry', dryRun: true })).body;
  };
  expect(await preview({ from: openedAt })).toMatchObject({ matched: 1 });
  expect(await preview({ until: openedAt })).toMatchObject({ matched: 0 });
  const justAfter = new Date(new Date(openedAt).getTime() + 1).toISOString();
  expect(await preview({ from: justAfter })).toMatchObject({ matched: 0 });
  expect(await preview({ until: justAfter })).toMatchObject({ matched: 1 });
});
