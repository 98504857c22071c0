import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DeadLetterDto } from '../src/dead-letters/dead-letter.dto.js';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import type { ProblemBody } from '../src/problems/problem.js';
import { QUEUE, REFUSED, TO, bury, fieldsOf, startRefusing } from './dead-letters.setup.js';

describe('retrying a dead letter', () => {
  it('sends it again as it was, on a new delivery', async () => {
    const service = await startRefusing();
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
    const service = await startRefusing();
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
    const service = await startRefusing();
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
    const service = await startRefusing();
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
    expect(await refused({ note: '' })).toEqual([400, ['/note']]);
    expect(await service.provider.creates(TO)).toHaveLength(1);
  });

  it('refuses a corrected body that a template would not say, and a recipient in another country', async () => {
    const service = await startRefusing({ ALLOWED_COUNTRIES: 'US' });
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

  it('says that there is nothing to retry before it looks at where it would go', async () => {
    const service = await startRefusing({ ALLOWED_COUNTRIES: 'US' });
    const dead = await bury(service);
    await service.api.post(`${QUEUE}/${dead.id}/discard`);
    const retry = (id: string) => service.api.post(`${QUEUE}/${id}/retry`, { changes: { to: '+4915112345678' } });
    expect((await retry(dead.id)).status).toBe(409);
    expect((await retry('0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10')).status).toBe(404);
  });

  it('refuses what has expired, and what retention has emptied unless it gets new words', async () => {
    const service = await startRefusing();
    const expired = await bury(service, { expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
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
    const service = await startRefusing();
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
    const service = await startRefusing();
    const dead = await bury(service);
    await service.provider.fail('+15551230002', { times: 1, ...REFUSED });
    await service.api.post(`${QUEUE}/${dead.id}/retry`, { changes: { to: '+15551230002' } });
    const again = await service.api.until(
      dead.notificationId,
      ({ status, deadLetter }) => status === 'failed' && deadLetter?.id !== dead.id,
    );
    const path = `${QUEUE}/${again.deadLetter?.id}/fallback`;
    const answer = await service.api.post<DeadLetterDto>(path, { channel: 'voice' });
    expect(answer).toMatchObject({ status: 200, body: { resolution: 'sent_on_fallback', channel: 'sms' } });
    const delivered = await service.api.untilStatus(dead.notificationId, 'delivered');
    expect(delivered.deliveries.map(({ channel }) => channel)).toEqual(['sms', 'sms', 'voice']);
    expect((await service.provider.creates('+15551230002')).map(({ path }) => basename(path))).toEqual([
      'Messages.json',
      'Calls.json',
    ]);
  });

  it('refuses a channel that cannot send it, and says what it lacks', async () => {
    const service = await startRefusing({ TWILIO_VOICE_FROM: '' });
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
    const service = await startRefusing();
    const dead = await bury(service);
    const answer = await service.api.post<DeadLetterDto>(`${QUEUE}/${dead.id}/discard`, { note: 'too late' });
    expect(answer).toMatchObject({ status: 200, body: { resolution: 'discarded', note: 'too late' } });
    const { body: notification } = await service.api.get<NotificationDto>(`/v1/notifications/${dead.notificationId}`);
    expect(notification).toMatchObject({
      status: 'failed',
      deadLetter: { id: dead.id, state: 'resolved' },
      deliveries: [{ status: 'failed' }],
    });
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
    const service = await startRefusing();
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
    const { api } = await startRefusing();
    const { body: key } = await api.post('/v1/admin/api-keys', { name: 'shop', scopes: ['send', 'read'] });
    const path = `${QUEUE}/0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10`;
    expect((await api.post(`${path}/retry`, {})).status).toBe(404);
    expect((await api.get(path)).status).toBe(404);
    expect((await api.as(String(key['secret'])).get(QUEUE)).status).toBe(403);
  });
});
