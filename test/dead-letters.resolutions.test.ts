import { describe, expect, it } from 'vitest';
import type { DeadLetterDetailDto } from '../src/dead-letters/dead-letter.detail.dto.js';
import type { DeadLetterDto } from '../src/dead-letters/dead-letter.dto.js';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import type { ProblemBody } from '../src/problems/problem.js';
import { Provider, startTestService, type ServiceUnderTest } from './support/service.js';

const TO = '+15551230001';
const QUEUE = '/v1/admin/dead-letters';
const REFUSED = { fault: { kind: 'status', status: 400, code: 21211 } };

async function start(env: Record<string, string> = {}) {
  const service = await startTestService(env);
  const provider = new Provider(service.simulator.url);
  await provider.fail(TO, REFUSED);
  return { ...service, provider };
}

/** A notification in the review queue. */
async function bury({ api }: ServiceUnderTest, more: Record<string, unknown> = {}): Promise<DeadLetterDto> {
  const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello', ...more });
  const { deadLetter } = await api.untilStatus(id, 'failed');
  if (!deadLetter) throw new Error('It failed without a dead letter');
  return deadLetter;
}

const fieldsOf = (dead: DeadLetterDto): Record<string, unknown> => Object.fromEntries(Object.entries(dead));

describe('retrying a dead letter', () => {
  it('sends it again as it was, on a new delivery', async () => {
    const service = await start();
    const dead = await bury(service);
    await service.provider.heal();
    const answer = await service.api.post<DeadLetterDto>(`${QUEUE}/${dead.id}/retry`, { note: 'the route is fixed' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      ...fieldsOf(dead),
      state: 'resolved',
      resolution: 'retried',
      resolvedAt: expect.stringMatching(/Z$/),
      resolvedBy: 'admin/ADMIN_API_KEY',
      note: 'the route is fixed',
    });
    const delivered = await service.api.untilStatus(dead.notificationId, 'delivered');
    expect(delivered.deliveries.map((delivery) => [delivery.channel, delivery.status])).toEqual([
      ['sms', 'failed'],
      ['sms', 'delivered'],
    ]);
    const [first, second] = await service.provider.creates(TO);
    expect(second?.params['Body']).toBe('Hello');
    expect(second?.headers['idempotency-key']).not.toBe(first?.headers['idempotency-key']);
  });

  it('sends to the corrected recipient, with the corrected words, from the corrected sender', async () => {
    const service = await start();
    const dead = await bury(service, { sms: { body: 'Only by SMS' } });
    const changes = { to: '+15551230002', body: 'Good day', sender: '+15005550099' };
    const answer = await service.api.post<DeadLetterDto>(`${QUEUE}/${dead.id}/retry`, { changes });
    expect(answer.body).toMatchObject({ state: 'resolved', resolution: 'edited_and_retried' });
    const delivered = await service.api.untilStatus(dead.notificationId, 'delivered');
    expect(delivered).toMatchObject({ to: TO, deliveries: [{ from: '+15005550006' }, { from: '+15005550099' }] });
    const [sent] = await service.provider.creates('+15551230002');
    expect(sent?.params).toMatchObject({ To: '+15551230002', From: '+15005550099', Body: 'Good day' });
    const { rows } = await service.database.query('SELECT changes FROM deliveries WHERE changes IS NOT NULL');
    expect(rows).toEqual([
      {
        changes: {
          to: '+15551230002',
          from: '+15005550099',
          content: { body: 'Good day', sms: {} },
          begunBy: 'human',
        },
      },
    ]);
  });

  it('keeps earlier corrections when a corrected delivery fails too', async () => {
    const service = await start();
    const dead = await bury(service);
    await service.provider.fail('+15551230002', { times: 1, ...REFUSED });
    await service.api.post(`${QUEUE}/${dead.id}/retry`, { changes: { to: '+15551230002' } });
    const again = await service.api.until(
      dead.notificationId,
      ({ status, deadLetter }) => status === 'failed' && deadLetter?.id !== dead.id,
    );
    await service.api.post(`${QUEUE}/${again.deadLetter?.id}/retry`, {});
    await service.api.untilStatus(dead.notificationId, 'delivered');
    expect(await service.provider.creates('+15551230002')).toHaveLength(2);
    expect(await service.provider.creates(TO)).toHaveLength(1);
  });

  it('refuses what is no correction, and says where', async () => {
    const service = await start();
    const dead = await bury(service);
    const refused = async (body: object) => {
      const answer = await service.api.post<ProblemBody>(`${QUEUE}/${dead.id}/retry`, body);
      return [answer.status, answer.body.errors?.map((error) => error.pointer)];
    };
    expect(await refused({ changes: { to: '555' } })).toEqual([400, ['/changes/to']]);
    expect(await refused({ changes: { sender: 'not a sender at all' } })).toEqual([400, ['/changes/sender']]);
    const sms = { bodi: 'x' };
    expect(await refused({ changes: { content: { sms } } })).toEqual([400, ['/changes/content/sms/bodi']]);
    expect(await refused({ changes: { unknown: 1 } })).toEqual([400, ['/changes/unknown']]);
    expect(await refused({ note: 7 })).toEqual([400, ['/note']]);
    expect(await service.provider.creates(TO)).toHaveLength(1);
  });

  it('refuses a corrected body that a template would not say, and a recipient in another country', async () => {
    const service = await start({ ALLOWED_COUNTRIES: 'US' });
    await service.provider.fail(`whatsapp:${TO}`, REFUSED);
    const template = { channels: ['whatsapp'], whatsapp: { contentSid: `HX${'0'.repeat(32)}` }, body: undefined };
    const dead = await bury(service, template);
    const retry = (changes: object) => service.api.post<ProblemBody>(`${QUEUE}/${dead.id}/retry`, { changes });
    expect(await retry({ body: 'Hi' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/changes/body' }] },
    });
    expect(await retry({ sender: 'Postrider' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/changes/sender', detail: expect.stringContaining('on whatsapp') }] },
    });
    expect(await retry({ to: '+4915112345678' })).toMatchObject({
      status: 422,
      body: { type: 'urn:postrider:problem:country-not-allowed' },
    });
    expect((await service.api.get(`${QUEUE}/${dead.id}`)).body).toMatchObject({ state: 'open' });
  });

  it('refuses what has expired, and what retention has emptied unless it gets new words', async () => {
    const service = await start();
    const expired = await bury(service, { expiresAt: new Date(Date.now() + 1500).toISOString() });
    const emptied = await bury(service);
    await service.database.query('UPDATE notifications SET content = NULL WHERE id = $1', [emptied.notificationId]);
    await service.database.query(`UPDATE notifications SET expires_at = now() - interval '1 s' WHERE id = $1`, [
      expired.notificationId,
    ]);
    const retry = (id: string, body: object) => service.api.post<ProblemBody>(`${QUEUE}/${id}/retry`, body);
    expect(await retry(expired.id, {})).toMatchObject({ status: 422, body: { reason: 'expired' } });
    expect(await retry(emptied.id, {})).toMatchObject({ status: 422, body: { reason: 'content_deleted' } });
    await service.provider.heal();
    expect((await retry(emptied.id, { changes: { body: 'New words' } })).status).toBe(200);
    await service.api.untilStatus(emptied.notificationId, 'delivered');
    expect((await service.provider.creates(TO)).at(-1)?.params['Body']).toBe('New words');
  });

  it('refuses to send to somebody who opted out of the sender meanwhile', async () => {
    const service = await start();
    const dead = await bury(service);
    await service.database.query(
      `INSERT INTO suppressions (id, sender, recipient, reason, created_at)
       VALUES (new_uuid_v7(), '+15005550006', $1, 'test', now())`,
      [TO],
    );
    const answer = await service.api.post<ProblemBody>(`${QUEUE}/${dead.id}/retry`, {});
    expect(answer).toMatchObject({ status: 422, body: { reason: 'opted_out' } });
    expect(await service.provider.creates(TO)).toHaveLength(1);
  });
});

describe('sending a dead letter on another channel', () => {
  it('sends it there, with the recipient a human had corrected', async () => {
    const service = await start();
    const dead = await bury(service, { channels: ['sms', 'whatsapp'] });
    const answer = await service.api.post<DeadLetterDto>(`${QUEUE}/${dead.id}/fallback`, { channel: 'voice' });
    expect(answer).toMatchObject({ status: 200, body: { resolution: 'sent_on_fallback', channel: 'sms' } });
    const notification = await service.api.until(dead.notificationId, ({ deliveries }) => deliveries.length > 1);
    expect(notification.channel).toBe('voice');
  });

  it('refuses a channel that cannot send it, and says what it lacks', async () => {
    const service = await start({ TWILIO_VOICE_FROM: '' });
    const dead = await bury(service, { body: undefined, sms: { body: 'Hello' } });
    const refused = async (body: object) => {
      const answer = await service.api.post<ProblemBody>(`${QUEUE}/${dead.id}/fallback`, body);
      expect(answer.body.errors).toEqual([expect.objectContaining({ pointer: '/channel' })]);
      return [answer.status, answer.body['reason']];
    };
    expect(await refused({ channel: 'sms' })).toEqual([422, 'same_channel']);
    expect(await refused({ channel: 'voice' })).toEqual([422, 'no_sender']);
    expect(await refused({ channel: 'whatsapp' })).toEqual([422, 'no_content']);
    expect(await refused({})).toEqual([400, undefined]);
    expect((await service.api.get<DeadLetterDto>(`${QUEUE}/${dead.id}`)).body.state).toBe('open');
  });
});

describe('every resolution', () => {
  it('is discarded without a send, and written down', async () => {
    const service = await start();
    const dead = await bury(service);
    const answer = await service.api.post<DeadLetterDto>(`${QUEUE}/${dead.id}/discard`, { note: 'too late' });
    expect(answer).toMatchObject({ status: 200, body: { resolution: 'discarded', note: 'too late' } });
    const { body: notification } = await service.api.get<NotificationDto>(`/v1/notifications/${dead.notificationId}`);
    expect(notification).toMatchObject({ status: 'failed', deadLetter: { id: dead.id, state: 'resolved' } });
    const { body: audit } = await service.api.get(`/v1/admin/audit?subjectId=${dead.id}`);
    expect(audit['items']).toEqual([
      expect.objectContaining({
        actor: 'admin/ADMIN_API_KEY',
        action: 'dead_letter.discarded',
        before: { state: 'open', notificationStatus: 'failed' },
        after: { state: 'resolved', resolution: 'discarded' },
        note: 'too late',
      }),
    ]);
    const { rows } = await service.database.query('SELECT rule, sentence FROM decisions WHERE notification_id = $1', [
      dead.notificationId,
    ]);
    expect(rows).toContainEqual({ rule: 'review', sentence: 'A human discarded it: nothing more is sent.' });
  });

  it('happens once when two humans act at the same moment', async () => {
    const service = await start();
    const dead = await bury(service);
    await service.provider.heal();
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, () => service.api.post<ProblemBody>(`${QUEUE}/${dead.id}/retry`, {})),
      ...Array.from({ length: 5 }, () => service.api.post<ProblemBody>(`${QUEUE}/${dead.id}/discard`, {})),
    ]);
    const [winner, ...rest] = answers.toSorted((a, b) => a.status - b.status);
    expect(winner?.status).toBe(200);
    for (const answer of rest) {
      expect(answer).toMatchObject({
        status: 409,
        body: { type: 'urn:postrider:problem:already-resolved', resolution: winner?.body['resolution'] },
      });
    }
    const { rows } = await service.database.query(`SELECT action FROM audit_log WHERE subject_id = $1`, [dead.id]);
    expect(rows).toHaveLength(1);
  });

  it('is not found for an unknown id and not open to a key without the scope', async () => {
    const { api } = await start();
    const { body: key } = await api.post('/v1/admin/api-keys', { name: 'shop', scopes: ['send', 'read'] });
    const path = `${QUEUE}/0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10`;
    expect((await api.post(`${path}/retry`, {})).status).toBe(404);
    expect((await api.get(path)).status).toBe(404);
    expect((await api.as(String(key['secret'])).get(QUEUE)).status).toBe(403);
  });
});

describe('the review queue', () => {
  it('tells a human what to do, and keeps the words to itself', async () => {
    const service = await start();
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

  it('lists the newest first, page by page, and narrows by every filter', async () => {
    const service = await start();
    const { api, provider } = service;
    await provider.fail('+15551230009', { match: { resource: 'messages' }, fault: { kind: 'status', status: 503 } });
    const refused = await bury(service);
    const exhausted = await bury(service, { to: '+15551230009', category: 'otp', onUnknown: 'review' });
    const { body: first } = await api.get<{ items: DeadLetterDto[]; nextCursor: string }>(`${QUEUE}?limit=1`);
    expect(first.items).toEqual([exhausted]);
    const { body: second } = await api.get(`${QUEUE}?limit=1&cursor=${first.nextCursor}`);
    expect(second).toEqual({ items: [refused], nextCursor: null });

    await api.post(`${QUEUE}/${refused.id}/discard`, {});
    const found = async (query: string) =>
      (await api.get<{ items: DeadLetterDto[] }>(`${QUEUE}?${query}`)).body.items.map((item) => item.id);
    expect(await found('state=open')).toEqual([exhausted.id]);
    expect(await found('state=resolved')).toEqual([refused.id]);
    expect(await found('errorClass=provider_fault')).toEqual([exhausted.id]);
    expect(await found('providerCode=21211')).toEqual([refused.id]);
    expect(await found('category=otp')).toEqual([exhausted.id]);
    expect(await found('channel=voice')).toEqual([]);
    expect(await found(`clientId=${refused.clientId}`)).toHaveLength(2);
    expect(await found('incidentId=0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10')).toEqual([]);
    expect((await api.get(`${QUEUE}?state=closed`)).status).toBe(400);
    expect((await api.get(`${QUEUE}?provider=1`)).status).toBe(400);
  });

  it('lets a notification go by itself when the provider proves that it had accepted it after all', async () => {
    const { api, simulator, database } = await startTestService({}, { stepMs: 1000 });
    const provider = new Provider(simulator.url);
    await provider.fail(TO, [
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'accepted_then', status: 500 } },
      { match: { resource: 'list' }, fault: { kind: 'status', status: 403 } },
    ]);
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello', onUnknown: 'review' });
    const { deadLetter } = await api.untilStatus(id, 'failed');
    expect(deadLetter).toMatchObject({ state: 'open' });
    const { body: shown } = await api.get<DeadLetterDetailDto>(`${QUEUE}/${deadLetter?.id}`);
    expect(shown.maybeAccepted).toBe(true);
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
