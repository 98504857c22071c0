import { describe, expect, it } from 'vitest';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import type { ProblemBody } from '../src/problems/problem.js';
import { ADMIN_KEY, ApiClient, Provider, shareTestService } from './support/service.js';

const service = shareTestService();
const QUEUE = '/v1/admin/dead-letters';

let numbers = 0;

/** A notification that failed on its first channel and waits for a human; what is sent to it from now on gets through. */
async function buried(channels: readonly string[], more: object = {}) {
  numbers += 1;
  const to = `+1555124${String(numbers).padStart(4, '0')}`;
  const { api, simulator } = service();
  const provider = new Provider(simulator.url);
  await provider.fail(to, { times: 1, fault: { kind: 'status', status: 400, code: 21618 } });
  const id = await api.send({ to, channels, body: 'Hello', ...more });
  const { deadLetter } = await api.untilStatus(id, 'failed');
  return {
    retry: async (changes: object) => {
      const { status, body } = await api.post<ProblemBody>(`${QUEUE}/${deadLetter?.id}/retry`, { changes });
      return [status, body.errors?.map(({ pointer }) => pointer)];
    },
    delivered: (): Promise<NotificationDto> => api.untilStatus(id, 'delivered'),
    id: deadLetter?.id,
    provider,
    to,
  };
}

describe('a corrected sender', () => {
  it('is a number, a short code or a name with a letter in it', async () => {
    const { retry, delivered } = await buried(['sms']);
    for (const sender of ['   ', '12345678901', ' Postrider', 'Twelve chars', 'Post_rider!', '+0123']) {
      expect(await retry({ sender })).toEqual([400, ['/changes/sender']]);
    }
    expect(await retry({ sender: 'Postrider 1' })).toEqual([200, undefined]);
    expect((await delivered()).deliveries.at(-1)?.from).toBe('Postrider 1');
  });

  it('may be a short code on SMS', async () => {
    const { retry, delivered } = await buried(['sms']);
    expect(await retry({ sender: '12345' })).toEqual([200, undefined]);
    expect((await delivered()).deliveries.at(-1)?.from).toBe('12345');
  });

  it('is no WhatsApp sender on SMS, and may be written as one on WhatsApp', async () => {
    const sms = await buried(['sms']);
    expect(await sms.retry({ sender: 'whatsapp:+15005550099' })).toEqual([400, ['/changes/sender']]);
    const whatsapp = await buried(['whatsapp']);
    expect(await whatsapp.retry({ sender: 'whatsapp:+15005550099' })).toEqual([200, undefined]);
    expect((await whatsapp.delivered()).deliveries.at(-1)?.from).toBe('+15005550099');
    const [, second] = await whatsapp.provider.creates(whatsapp.to);
    expect(second?.params['From']).toBe('whatsapp:+15005550099');
  });
});

describe('corrected content', () => {
  it('is refused for a channel that neither is sent on nor can follow', async () => {
    const { retry } = await buried(['sms', 'voice']);
    const [whatsapp, voice] = [{ body: 'Other' }, { say: 'Other' }];
    expect(await retry({ content: { whatsapp } })).toEqual([400, ['/changes/content/whatsapp']]);
    expect(await retry({ body: 'Other', content: { whatsapp, voice } })).toEqual([400, ['/changes/content/whatsapp']]);
    expect(await retry({ content: { voice } })).toEqual([200, undefined]);
  });

  it('is refused where PostgreSQL could not read it back', async () => {
    const { retry } = await buried(['sms', 'voice']);
    const url = 'https://example.com/\u0000';
    expect(await retry({ content: { sms: { mediaUrls: [url] } } })).toEqual([
      400,
      ['/changes/content/sms/mediaUrls/0'],
    ]);
    expect(await retry({ content: { voice: { url } } })).toEqual([400, ['/changes/content/voice/url']]);
  });

  it('is refused where it would be dropped beside a template, or without one', async () => {
    const { retry } = await buried(['whatsapp']);
    const contentVariables = { 1: 'Ada' };
    const whatsapp = { contentSid: `HX${'0'.repeat(32)}`, contentVariables, body: 'Hello' };
    expect(await retry({ content: { whatsapp } })).toEqual([400, ['/changes/content/whatsapp/body']]);
    const variables = await retry({ content: { whatsapp: { body: 'Hello', contentVariables } } });
    expect(variables).toEqual([400, ['/changes/content/whatsapp/contentVariables']]);
  });

  it('says one thing by voice, whatever the call was to say before', async () => {
    const { retry } = await buried(['sms', 'voice'], { voice: { say: 'Hello' } });
    const twiml = '<Response/>';
    expect(await retry({ content: { voice: { say: 'Other', twiml } } })).toEqual([400, ['/changes/content/voice/say']]);
    expect(await retry({ content: { voice: { twiml } } })).toEqual([200, undefined]);
  });

  it('is refused where a call could not say it, at once or after the channel that is tried', async () => {
    const { retry } = await buried(['sms', 'voice']);
    const tooLong = '&'.repeat(800);
    expect(await retry({ body: tooLong })).toEqual([400, ['/changes/body']]);
    expect(await retry({ content: { voice: { say: tooLong } } })).toEqual([400, ['/changes/content/voice/say']]);
    expect(await retry({ body: tooLong, content: { voice: { say: 'Hello' } } })).toEqual([200, undefined]);
  });

  it.each(['sms', 'whatsapp'])('that is a body leaves the pictures on %s as they were', async (channel) => {
    const mediaUrls = ['https://example.com/a.png'];
    const { retry, delivered, provider, to } = await buried([channel], { [channel]: { body: 'Old', mediaUrls } });
    expect(await retry({ body: 'New' })).toEqual([200, undefined]);
    await delivered();
    expect((await provider.creates(to)).map(({ params }) => [params['Body'], params['MediaUrl']])).toEqual([
      ['Old', ...mediaUrls],
      ['New', ...mediaUrls],
    ]);
  });

  it('has the corrected body where it has no text of its own', async () => {
    const { retry, delivered, provider, to } = await buried(['sms'], { sms: { body: 'Old' } });
    const sms = { mediaUrls: ['https://example.com/new.png'] };
    expect(await retry({ body: 'New', content: { sms } })).toEqual([200, undefined]);
    await delivered();
    const [, second] = await provider.creates(to);
    expect(second?.params).toMatchObject({ Body: 'New', MediaUrl: 'https://example.com/new.png' });
  });

  it('wins over a corrected body, which is for the channels that may follow', async () => {
    const { retry, delivered, provider, to } = await buried(['sms', 'voice']);
    await provider.fail(to, { match: { channel: 'sms' }, fault: { kind: 'status', status: 400, code: 21614 } });
    expect(await retry({ body: 'Spoken', content: { sms: { body: 'Written' } } })).toEqual([200, undefined]);
    expect(await delivered()).toMatchObject({ channel: 'voice' });
    const [, second, third] = await provider.creates(to);
    expect([second?.params['Body'], third?.params['Twiml']]).toEqual(['Written', expect.stringContaining('Spoken')]);
  });

  it('is refused for a channel whose sender is gone: it cannot follow', async () => {
    const { id } = await buried(['sms', 'voice']);
    const { url } = await service().replica({ ROLE: 'api', TWILIO_VOICE_FROM: '' });
    const changes = { content: { voice: { say: 'Other' } } };
    expect(await new ApiClient(url, ADMIN_KEY).post(`${QUEUE}/${id}/retry`, { changes })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/changes/content/voice' }] },
    });
  });

  it('is refused for a channel that was tried already', async () => {
    const { api, simulator } = service();
    const to = '+15551249999';
    const provider = new Provider(simulator.url);
    await provider.fail(to, [
      { match: { channel: 'whatsapp' }, fault: { kind: 'status', status: 400, code: 63024 } },
      { match: { channel: 'sms' }, fault: { kind: 'status', status: 400, code: 21618 } },
    ]);
    const id = await api.send({ to, channels: ['whatsapp', 'sms'], body: 'Hello' });
    const { deadLetter } = await api.untilStatus(id, 'failed');
    const changes = { content: { whatsapp: { body: 'Other' } } };
    const { status, body } = await api.post<ProblemBody>(`${QUEUE}/${deadLetter?.id}/retry`, { changes });
    expect([status, body.errors?.[0]?.pointer]).toEqual([400, '/changes/content/whatsapp']);
  });
});
