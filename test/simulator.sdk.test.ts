import twilio from 'twilio';
import { describe, expect, it } from 'vitest';
import { ACCOUNT_SID, AUTH_TOKEN, FROM, testSimulator, TO } from './simulator.harness.js';

/** Twilio's own client, but for the address: api.twilio.com becomes the simulator. */
async function twilioClient(authToken = AUTH_TOKEN): Promise<ReturnType<typeof twilio>> {
  const { url } = await testSimulator();
  class LocalRequestClient extends twilio.RequestClient {
    override request: twilio.RequestClient['request'] = async (options) =>
      await super.request({ ...options, uri: options.uri.replace('https://api.twilio.com', url) });
  }
  return twilio(ACCOUNT_SID, authToken, { httpClient: new LocalRequestClient() });
}

describe("Twilio's own client", () => {
  it('creates, fetches and redacts a message', async () => {
    const client = await twilioClient();
    const message = await client.messages.create({
      to: TO,
      from: FROM,
      body: 'Hello',
      mediaUrl: ['https://example.com/1.png'],
    });
    expect(message).toMatchObject({ status: 'queued', numMedia: '1', errorCode: null, direction: 'outbound-api' });
    expect(Math.abs(message.dateCreated.getTime() - Date.now())).toBeLessThan(5_000);
    expect((await client.messages(message.sid).fetch()).body).toBe('Hello');
    expect((await client.messages(message.sid).update({ body: '' })).body).toBe('');
  });

  it('lists through the pages', async () => {
    const client = await twilioClient();
    for (let n = 0; n < 5; n += 1) await client.messages.create({ to: TO, from: FROM, body: String(n) });
    const all = await client.messages.list({ to: TO, pageSize: 2 });
    expect(all.map(({ body }) => body)).toEqual(['4', '3', '2', '1', '0']);
    const sentBefore = (ms: number) =>
      client.messages.list({ to: TO, pageSize: 2, dateSentBefore: new Date(Date.now() + ms) });
    await expect.poll(async () => (await sentBefore(2 * 86_400_000)).length).toBe(5);
    expect(await sentBefore(-86_400_000)).toEqual([]);
  });

  it('makes and follows a call', async () => {
    const client = await twilioClient();
    const events = ['initiated', 'completed'];
    const { sid } = await client.calls.create({
      to: TO,
      from: FROM,
      twiml: '<Response/>',
      statusCallbackEvent: events,
    });
    await expect.poll(async () => (await client.calls(sid).fetch()).status).toBe('completed');
    expect(await client.calls.list({ to: TO, status: 'completed' })).toHaveLength(1);
  });

  it('understands the refusals', async () => {
    const client = await twilioClient();
    await expect(client.messages.create({ to: '+15005550004', from: FROM, body: 'Hello' })).rejects.toMatchObject({
      status: 400,
      code: 21610,
      moreInfo: 'https://www.twilio.com/docs/errors/21610',
    });
    const stranger = await twilioClient('wrong');
    await expect(stranger.messages.list()).rejects.toMatchObject({ status: 401, code: 20003 });
  });
});
