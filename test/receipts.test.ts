import { describe, expect, it } from 'vitest';
import { MissingReceipts } from '../src/receipts/missing-receipts.service.js';
import { HOUR, MINUTE, NOBODY, startWithoutCallbacks } from './receipts.setup.js';
import { eventually } from './support/eventually.js';
import { partOf } from './support/part-of.js';
import { TwilioCallback } from './support/twilio-callback.js';

describe('a receipt that never came', () => {
  it('is asked for after 15 minutes, and the notification is delivered', async () => {
    const { api, sentAndAt, later, round, read, questions } = await startWithoutCallbacks();
    const { id, sid } = await sentAndAt({ to: '+15551230001' }, 'delivered');
    await later(14 * MINUTE);
    expect(await round()).toEqual(NOBODY);
    await later(2 * MINUTE);
    expect(await round()).toEqual({ ...NOBODY, delivered: 1 });
    expect(await read(id)).toMatchObject({ status: 'delivered', deliveries: [{ status: 'delivered' }] });
    expect(await questions()).toEqual([expect.stringMatching(new RegExp(`/Messages/${sid}\\.json$`))]);
    const { body } = await api.get<{ decisions: { rule: string; sentence: string }[] }>(
      `/v1/notifications/${id}/explain`,
    );
    expect(body.decisions.slice(-2)).toMatchObject([
      {
        rule: 'missing receipt',
        sentence:
          'No callback had told what became of it 15 minutes after sms accepted it, so Twilio was asked: delivered.',
      },
      { rule: 'callback', sentence: expect.stringContaining('Twilio reported it delivered on sms') },
    ]);
    await later(24 * HOUR);
    expect(await round()).toEqual(NOBODY);
  });

  it('is asked for a call, too', async () => {
    const { sentAndAt, later, round, read } = await startWithoutCallbacks();
    const { id } = await sentAndAt({ to: '+15551230001', channels: ['voice'] }, 'completed');
    await later(16 * MINUTE);
    expect(await round()).toEqual({ ...NOBODY, delivered: 1 });
    expect((await read(id)).status).toBe('delivered');
  });

  it('tells of a failure as its callback would have: the next channel takes over, and a human sees the last one', async () => {
    const { api, provider, sentAndAt, later, round, read } = await startWithoutCallbacks();
    const to = '+15551230001';
    await provider.fail(to, {
      match: { channel: 'whatsapp' },
      fault: { kind: 'callback', status: 'undelivered', errorCode: 63016 },
    });
    const { id } = await sentAndAt({ to, channels: ['whatsapp', 'sms'] }, 'undelivered');
    await provider.fail(to, { fault: { kind: 'callback', status: 'failed', errorCode: 30005 } });
    await later(16 * MINUTE);
    expect(await round()).toEqual({ ...NOBODY, failed: 1 });
    await api.until(id, ({ status, channel }) => status === 'sent' && channel === 'sms');
    await later(16 * MINUTE);
    await eventually(round, ({ failed }) => failed === 1);
    expect(await read(id)).toMatchObject({ status: 'failed', deadLetter: { providerCode: 30005, channel: 'sms' } });
    const { body } = await api.get<{ items: { providerCode: number; providerMessage: string }[] }>(
      '/v1/admin/failures',
    );
    expect(body.items.map(({ providerCode }) => providerCode)).toEqual([30005, 63016]);
  });

  it('is asked for after a later channel has failed, and takes it from the human', async () => {
    const { api, provider, sentAndAt, later, round, read } = await startWithoutCallbacks();
    const to = '+15551230001';
    await provider.fail(to, { match: { channel: 'sms' }, fault: { kind: 'status', status: 400, code: 21211 } });
    await provider.fail('*', { match: { resource: 'fetch' }, fault: { kind: 'status', status: 503 } });
    const { id } = await sentAndAt({ to, channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 60 }, 'delivered');
    await later(2 * MINUTE);
    await api.untilStatus(id, 'failed');
    await provider.heal();
    await later(14 * MINUTE);
    expect(await round()).toEqual({ ...NOBODY, delivered: 1 });
    expect(await read(id)).toMatchObject({ status: 'delivered', deadLetter: { state: 'resolved' } });
  });

  it('is not asked for where another channel delivered', async () => {
    const test = await startWithoutCallbacks();
    const { api, sentAndAt, later, round } = test;
    const to = '+15005553000';
    const { id } = await sentAndAt({ to, channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 60 }, 'sent');
    await later(2 * MINUTE);
    const second = await api.until(id, ({ status, channel }) => status === 'sent' && channel === 'sms');
    const { attempts, providerSid } = second.deliveries[1] ?? {};
    await new TwilioCallback(test).message(attempts?.[0]?.id ?? '', providerSid ?? '', 'delivered');
    await api.untilStatus(id, 'delivered');
    await later(15 * MINUTE);
    expect(await round()).toEqual(NOBODY);
  });

  it('is asked for before the next channel takes over, which then is not needed', async () => {
    const { api, provider, sentAndAt, later, read } = await startWithoutCallbacks();
    const to = '+15551230001';
    const { id } = await sentAndAt({ to, channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 60 }, 'delivered');
    await later(2 * MINUTE);
    await api.untilStatus(id, 'delivered');
    expect((await read(id)).deliveries).toHaveLength(1);
    expect(await provider.creates(to)).toHaveLength(1);
  });

  it.each([
    ['is not known to the provider', { kind: 'status', status: 404, code: 20404 }],
    ['does not come when asked for', { kind: 'status', status: 503 }],
  ])('keeps nobody from falling back where it %s', async (_, fault) => {
    const { api, provider, sentAndAt, later, questions } = await startWithoutCallbacks();
    const to = '+15551230001';
    await provider.fail('*', { match: { resource: 'fetch' }, fault });
    const { id } = await sentAndAt({ to, channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 60 }, 'delivered');
    await later(2 * MINUTE);
    await api.until(id, ({ status, channel }) => status === 'sent' && channel === 'sms');
    expect(await questions()).toHaveLength(1);
  });

  it('is asked for before a fallback also where the first callbacks came, and only the last one was lost', async () => {
    const test = await startWithoutCallbacks();
    const { api, provider, sentAndAt, later, read, questions } = test;
    const to = '+15551230001';
    const { id, attemptId, sid } = await sentAndAt(
      { to, channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 60 },
      'delivered',
    );
    await new TwilioCallback(test).message(attemptId, sid, 'sent');
    await later(2 * MINUTE);
    await eventually(questions, (asked) => asked.length === 1);
    await api.untilStatus(id, 'delivered');
    expect((await read(id)).deliveries).toHaveLength(1);
    expect(await provider.creates(to)).toHaveLength(1);
  });

  it('is never asked for where RECEIPT_CHECK_MINUTES is 0', async () => {
    const { api, sentAndAt, later, questions } = await startWithoutCallbacks({ RECEIPT_CHECK_MINUTES: '0' });
    const to = '+15551230001';
    const { id } = await sentAndAt({ to, channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 60 }, 'delivered');
    await later(2 * MINUTE);
    await api.until(id, ({ status, channel }) => status === 'sent' && channel === 'sms');
    expect(await questions()).toEqual([]);
  });

  it('is asked for two days late, but not a month later, when nobody expects it on another channel any more', async () => {
    const test = await startWithoutCallbacks({ RECEIPT_CHECK_MINUTES: '0' });
    const { id } = await test.sentAndAt({ to: '+15005553016', channels: ['whatsapp', 'sms'] }, 'undelivered');
    const asking = partOf(await test.replica({ RECEIPT_CHECK_MINUTES: '15' }), MissingReceipts);
    await test.later(30 * 24 * HOUR);
    expect(await asking.round()).toEqual(NOBODY);
    expect(await test.read(id)).toMatchObject({ status: 'sent', channel: 'whatsapp' });
    await test.later(-28 * 24 * HOUR);
    // The next channel's attempt is as old by its id, and may be asked for by the same round.
    expect(await asking.round()).toMatchObject({ failed: 1 });
    await test.api.until(id, ({ channel }) => channel === 'sms');
  });

  it('is asked for after four hours where callbacks had come, and a last time after a day', async () => {
    const test = await startWithoutCallbacks();
    const { sentAndAt, later, round, read, questions } = test;
    const { id, attemptId, sid } = await sentAndAt({ to: '+15005553000' }, 'sent');
    await new TwilioCallback(test).message(attemptId, sid, 'sent');
    await later(16 * MINUTE);
    expect(await round()).toEqual(NOBODY);
    await later(4 * HOUR);
    expect(await round()).toEqual({ ...NOBODY, under_way: 1 });
    expect(await round()).toEqual(NOBODY);
    await later(24 * HOUR);
    expect(await round()).toEqual({ ...NOBODY, under_way: 1 });
    await later(240 * HOUR);
    expect(await round()).toEqual(NOBODY);
    expect(await questions()).toHaveLength(2);
    expect(await read(id)).toMatchObject({ status: 'sent', deliveries: [{ callbacks: [{ status: 'sent' }] }] });
  });

  it('is asked for again where the provider did not answer, until that is late', async () => {
    const { provider, sentAndAt, later, round, questions } = await startWithoutCallbacks();
    const [first, second] = ['+15551230001', '+15551230002'];
    await sentAndAt({ to: first }, 'delivered');
    await provider.fail('*', { match: { resource: 'fetch' }, fault: { kind: 'status', status: 503 } });
    await later(16 * MINUTE);
    expect(await round()).toEqual({ ...NOBODY, unanswered: 1 });
    expect(await round()).toEqual({ ...NOBODY, unanswered: 1 });
    expect(await questions()).toHaveLength(2);
    await later(HOUR);
    // It must not keep those behind it waiting for ever.
    expect(await round()).toEqual({ ...NOBODY, unanswered: 1 });
    expect(await round()).toEqual(NOBODY);
    await provider.heal();
    await sentAndAt({ to: second }, 'delivered');
    await later(4 * HOUR);
    expect(await round()).toEqual({ ...NOBODY, delivered: 2 });
  });

  it('is not asked for again where the provider does not know the message, or what is asked', async () => {
    const { provider, sentAndAt, later, round } = await startWithoutCallbacks();
    for (const refusal of [{ status: 404, code: 20404 }, { status: 400 }]) {
      await provider.heal();
      await sentAndAt({ to: '+15551230001' }, 'delivered');
      await provider.fail('*', { match: { resource: 'fetch' }, fault: { kind: 'status', ...refusal } });
      await later(16 * MINUTE);
      expect(await round()).toEqual({ ...NOBODY, gone: 1 });
      expect(await round()).toEqual(NOBODY);
    }
  });

  it('is asked for again where the process stopped while it asked, however late that is', async () => {
    const { database, service, provider, sentAndAt, later, round, questions } = await startWithoutCallbacks();
    const { attemptId } = await sentAndAt({ to: '+15551230001' }, 'delivered');
    await provider.fail('*', { match: { resource: 'fetch' }, fault: { kind: 'no_answer' } });
    await later(3 * HOUR);
    const asking = round();
    await eventually(questions, (asked) => asked.length === 1);
    await partOf(service, MissingReceipts).beforeApplicationShutdown();
    expect(await asking).toEqual({ ...NOBODY, unanswered: 1 });
    const { rows } = await database.query(
      `SELECT looked_to < $1 AS again FROM receipt_looks WHERE number = 1 AND channel = 'sms'`,
      [attemptId],
    );
    expect(rows).toEqual([{ again: true }]);
  });

  it('is asked for once by several replicas', async () => {
    const test = await startWithoutCallbacks();
    const other = partOf(await test.replica(), MissingReceipts);
    for (let number = 1; number <= 8; number += 1) await test.sentAndAt({ to: `+1555123000${number}` }, 'delivered');
    await test.later(16 * MINUTE);
    const rounds = await Promise.all([test.round(), other.round(), test.round(), other.round()]);
    expect(rounds.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(8);
    expect(await test.questions()).toHaveLength(8);
  });

  it('is found behind many attempts that retention has left alone', async () => {
    const { database, sentAndAt, later, round } = await startWithoutCallbacks();
    await database.query(`
      INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, outcome, provider_sid)
      SELECT new_uuid_v7(), new_uuid_v7(), new_uuid_v7(), 1, service_now(), 'accepted', 'SM' || n
      FROM generate_series(1, 450) AS n`);
    await sentAndAt({ to: '+15551230001' }, 'delivered');
    await later(16 * MINUTE);
    expect(await round()).toEqual({ ...NOBODY, delivered: 1 });
  });

  it('is counted', async () => {
    const { url, sentAndAt, later, round } = await startWithoutCallbacks();
    await sentAndAt({ to: '+15551230001' }, 'delivered');
    await later(16 * MINUTE);
    await round();
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('postrider_missing_receipts_total{answer="delivered"} 1');
    expect(metrics).toContain('postrider_missing_receipts_total{answer="failed"} 0');
  });
});
