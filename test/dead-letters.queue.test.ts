import { describe, expect, it } from 'vitest';
import type { DeadLetterDetailDto } from '../src/dead-letters/dead-letter.detail.dto.js';
import type { DeadLetterDto } from '../src/dead-letters/dead-letter.dto.js';
import { newSid } from './callbacks.setup.js';
import { QUEUE, TO, bury, fieldsOf, startRefusing } from './dead-letters.setup.js';
import { Provider, startTestService } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

describe('the review queue', () => {
  it('tells a human what to do, and keeps the words to itself', async () => {
    const service = await startRefusing();
    const dead = await bury(service, { body: 'A secret of somebody' });
    const { body, status } = await service.api.get<DeadLetterDetailDto>(`${QUEUE}/${dead.id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...fieldsOf(dead),
      to: TO,
      channels: ['sms'],
      notificationStatus: 'failed',
      expired: false,
      contentKept: true,
      maybeAccepted: false,
      codeName: expect.any(String),
      whatToDo: expect.stringMatching(/^(Caller|Operator|Nobody): /),
      source: 'https://www.twilio.com/docs/api/errors/21211',
      failures: [{ providerCode: 21211, httpStatus: 400, number: 1, outcome: 'rejected' }],
    });
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('shows of many failures the latest ones, the latest first', async () => {
    const service = await startRefusing();
    const dead = await bury(service);
    await service.database.query(
      `INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
         error_class, responsible, rule, next_step)
       SELECT new_uuid_v7(), at - n * interval '1 minute', new_uuid_v7(), notification_id, delivery_id, client_id,
         recipient, channel, outcome, error_class, responsible, rule, next_step
       FROM failures, generate_series(1, 11) AS n WHERE notification_id = $1`,
      [dead.notificationId],
    );
    const { failures } = (await service.api.get<DeadLetterDetailDto>(`${QUEUE}/${dead.id}`)).body;
    const times = failures.map(({ at }) => at);
    expect(times).toEqual(times.toSorted().toReversed());
    expect([times.length, failures[0]?.providerCode]).toEqual([10, 21211]);
  });

  it('lists the newest first, page by page, and narrows by every filter', async () => {
    const service = await startRefusing();
    const { api, provider } = service;
    await provider.fail('+15551230009', { match: { resource: 'messages' }, fault: { kind: 'status', status: 503 } });
    const refused = await bury(service);
    const exhausted = await bury(service, { to: '+15551230009', category: 'otp', onUnknown: 'review' });
    const { body: first } = await api.get<{ items: DeadLetterDto[]; nextCursor: string }>(`${QUEUE}?limit=1`);
    expect(first.items).toEqual([exhausted]);
    const { body: second } = await api.get(`${QUEUE}?limit=1&cursor=${first.nextCursor}`);
    expect(second).toEqual({ items: [refused], nextCursor: null });

    await api.post(`${QUEUE}/${refused.id}/discard`, {});
    const [another, incident] = ['0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10', '0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a11'];
    await service.database.query('UPDATE dead_letters SET client_id = $2, incident_id = $3 WHERE id = $1', [
      exhausted.id,
      another,
      incident,
    ]);
    const found = async (query: string) =>
      (await api.get<{ items: DeadLetterDto[] }>(`${QUEUE}?${query}`)).body.items.map((item) => item.id);
    expect(await found('state=open')).toEqual([exhausted.id]);
    expect(await found('state=resolved')).toEqual([refused.id]);
    expect(await found('errorClass=provider_fault')).toEqual([exhausted.id]);
    expect(await found('providerCode=21211')).toEqual([refused.id]);
    expect(await found('category=otp')).toEqual([exhausted.id]);
    expect(await found('channel=voice')).toEqual([]);
    expect(await found(`clientId=${refused.clientId}`)).toEqual([refused.id]);
    expect(await found(`clientId=${another}`)).toEqual([exhausted.id]);
    expect(await found(`incidentId=${incident}`)).toEqual([exhausted.id]);
    expect(await found(`incidentId=${another}`)).toEqual([]);
    const replays = `${QUEUE}/replays`;
    for (const [incidentId, matched] of [
      [incident, 1],
      [another, 0],
    ]) {
      expect((await api.post(replays, { filter: { incidentId }, dryRun: true })).body).toMatchObject({ matched });
    }
    expect((await api.get(`${QUEUE}?state=closed`)).status).toBe(400);
    expect((await api.get(`${QUEUE}?provider=1`)).status).toBe(400);
  });

  it('lets a notification go by itself when the provider proves that it had accepted it after all', async () => {
    const service = await startTestService({}, { callbacks: 'none' });
    const { api, simulator, database } = service;
    const provider = new Provider(simulator.url);
    await provider.fail(TO, [
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'accepted_then', status: 500 } },
      { match: { resource: 'list' }, fault: { kind: 'status', status: 403 } },
    ]);
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello', onUnknown: 'review' });
    const { deadLetter, deliveries } = await api.untilStatus(id, 'failed');
    expect(deadLetter).toMatchObject({ state: 'open' });
    const { body: shown } = await api.get<DeadLetterDetailDto>(`${QUEUE}/${deadLetter?.id}`);
    expect(shown.maybeAccepted).toBe(true);
    const attemptId = deliveries[0]?.attempts[0]?.id ?? '';
    expect((await new TwilioCallback(service).message(attemptId, newSid(), 'delivered')).status).toBe(204);
    const delivered = await api.untilStatus(id, 'delivered');
    expect(delivered.deadLetter).toMatchObject({
      id: deadLetter?.id,
      state: 'resolved',
      resolution: 'discarded',
      resolvedBy: 'system',
      note: expect.stringContaining('accepted after all'),
    });
    const { rows } = await database.query('SELECT actor, action FROM audit_log WHERE subject_id = $1', [
      deadLetter?.id,
    ]);
    expect(rows).toEqual([{ actor: 'system', action: 'dead_letter.discarded' }]);
    expect(await provider.creates(TO)).toHaveLength(1);
  });
});
