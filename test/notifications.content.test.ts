import { describe, expect, it } from 'vitest';
import { startOutbox, withFallbackDue, type OutboxUnderTest } from './outbox.setup.js';
import { shareTestService } from './support/service.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

const service = shareTestService();
const TO = '+15551270001';
const soon = (seconds = 3600) => new Date(Date.now() + seconds * 1000).toISOString();

const post = (more: object, headers: Record<string, string> = {}) =>
  service().api.post<{ errors: { pointer: string; detail: string }[]; type: string }>(
    '/v1/notifications',
    { to: TO, channels: ['sms'], sendAt: soon(), ...more },
    headers,
  );

const template = (contentVariables: Record<string, string>) => ({
  whatsapp: { contentSid: `HX${'0'.repeat(32)}`, contentVariables },
});

describe('content', () => {
  it.each([
    ['a body', (text: string) => ({ body: text }), ['sms']],
    ['a content variable', (text: string) => template({ '1': text }), ['whatsapp']],
  ])('of %s has 1,600 characters at most, however they are written', async (_, saying, channels) => {
    for (const character of ['a', 'é', '🚀']) {
      expect((await post({ channels, ...saying(character.repeat(1600)) })).status).toBe(202);
      expect((await post({ channels, ...saying(character.repeat(1601)) })).status).toBe(400);
    }
  });

  it('that is none is told every rule, in their order', async () => {
    const { status, body } = await post({ body: 7 });
    const text = 'must be text without NUL characters or broken surrogates';
    const detail = `${text}; must be shorter than or equal to 1600 characters`;
    expect([status, body.errors]).toEqual([400, [{ pointer: '/body', detail }]]);
    const empty = await post({ body: '' });
    expect(empty.body.errors).toEqual([{ pointer: '/body', detail: 'should not be empty' }]);
  });

  const MEDIA = ['https://example.com/cat.png'];
  it.each([
    ['sms', '/sms/body', { body: ' \n\t' }],
    ['sms', '/sms/body', { body: 'Hello', sms: { body: '\u00a0\u2003' } }],
    ['whatsapp', '/whatsapp/contentSid', { body: ' ' }],
    ['voice', '/voice/say', { body: ' ' }],
    ['voice', '/voice/say', { voice: { twiml: ' ' } }],
    ['voice', '/voice/twiml', { body: 'Hello', voice: { say: 'Hello', twiml: ' ' } }],
  ])('of blanks only says nothing by %s', async (channel, pointer, content) => {
    const { status, body } = await post({ channels: [channel], ...content });
    expect([status, body.errors]).toMatchObject([
      400,
      [{ pointer, detail: expect.stringContaining('nothing to say') }],
    ]);
  });

  it.each([
    ['sms', '/sms/body', { body: null }],
    ['sms', '/sms/body', { sms: { body: null, mediaUrls: null } }],
    ['whatsapp', '/whatsapp/contentSid', { body: null, whatsapp: { contentSid: null, body: null } }],
    ['voice', '/voice/say', { body: null, voice: null }],
    ['voice', '/voice/say', { voice: { say: null, twiml: null, url: null } }],
  ])('of null says nothing by %s: %s of %j', async (channel, pointer, content) => {
    const { status, body } = await post({ channels: [channel], ...content });
    expect([status, body.errors]).toMatchObject([
      400,
      [{ pointer, detail: expect.stringContaining('nothing to say') }],
    ]);
  });

  it.each([
    ['sms', { sms: { body: ' ', mediaUrls: MEDIA } }],
    ['sms', { body: ' ', sms: { body: ' Hello ' } }],
    ['whatsapp', { body: ' ', whatsapp: { contentSid: `HX${'0'.repeat(32)}` } }],
    ['voice', { body: ' ', voice: { url: 'https://example.com/twiml' } }],
    ['voice', { body: ' ', voice: { say: ' ', twiml: '<Response/>' } }],
  ])('says something by %s with %j', async (channel, content) => {
    expect((await post({ channels: [channel], ...content })).status).toBe(202);
  });
});

describe('what nobody would get on WhatsApp', () => {
  const contentSid = `HX${'0'.repeat(32)}`;

  it.each([
    ['/whatsapp/contentVariables', { body: 'Hello', contentVariables: { 1: 'Ada' } }],
    ['/whatsapp/body', { contentSid, body: 'Hello' }],
    ['/whatsapp/mediaUrls', { contentSid, contentVariables: { 1: 'Ada' }, mediaUrls: ['https://example.com/cat.png'] }],
  ])('is refused rather than dropped: %s of %j', async (pointer, whatsapp) => {
    const { status, body } = await post({ channels: ['sms', 'whatsapp'], body: 'Hello', whatsapp });
    expect([status, body.errors]).toMatchObject([
      400,
      [{ pointer, detail: expect.stringContaining('would not be heard') }],
    ]);
  });

  it.each([
    { contentSid, contentVariables: { 1: 'Ada' }, mediaUrls: [] },
    { body: 'Hello', contentVariables: {}, mediaUrls: ['https://example.com/cat.png'] },
  ])('is not what is empty, nor the body of all channels beside a template: %j', async (whatsapp) => {
    expect((await post({ channels: ['whatsapp'], body: 'Hello', whatsapp })).status).toBe(202);
  });
});

describe('what a call says', () => {
  const voice = (say: string) => ({ channels: ['voice'], voice: { say } });

  it.each([
    ['letters', 'x'.repeat(3930), 'x'.repeat(3931), '/voice/say'],
    ['what XML escapes', '&'.repeat(786), '&'.repeat(787), '/voice/say'],
  ])('has to fit into the TwiML that Twilio takes: %s', async (_, fits, doesNot, pointer) => {
    expect((await post(voice(fits))).status).toBe(202);
    const { status, body } = await post(voice(doesNot));
    expect([status, body.errors]).toMatchObject([400, [{ pointer, detail: expect.stringContaining('4000') }]]);
  });

  it('is measured where it is the body, and not where it is not said', async () => {
    const body = '&'.repeat(800);
    const refused = await post({ channels: ['sms', 'voice'], body });
    expect([refused.status, refused.body.errors]).toMatchObject([400, [{ pointer: '/body' }]]);
    for (const voice of [{ say: 'Hello' }, { twiml: '<Response/>' }, { url: 'https://example.com/twiml' }]) {
      expect((await post({ channels: ['sms', 'voice'], body, voice })).status).toBe(202);
    }
    expect((await post({ channels: ['sms'], body })).status).toBe(202);
  });
});

describe('a call', () => {
  const [say, twiml, url] = ['Hello', '<Response/>', 'https://example.com/twiml'];

  it.each([
    [['/voice/say'], { say, twiml }],
    [['/voice/say'], { say, url }],
    [['/voice/twiml'], { twiml, url }],
    [['/voice/twiml', '/voice/say'], { say, twiml, url }],
  ])('says one thing: %j of %j would not be heard', async (pointers, voice) => {
    const { status, body } = await post({ channels: ['sms', 'voice'], body: 'Hello', voice });
    const detail = expect.stringMatching(/^would not be heard: (url|twiml) takes its place/);
    expect([status, body.errors]).toEqual([400, pointers.map((pointer) => ({ pointer, detail }))]);
  });
});

describe('an address', () => {
  const AT_MOST = `https://example.com/${'x'.repeat(2064)}`;

  it.each([
    ['an underscore in its host', 'https://my_bucket.example.com/cat.png'],
    ['a character too many', `${AT_MOST}x`],
    ['another scheme', 'ftp://example.com/cat.png'],
    ['no scheme', 'cat.png'],
  ])('of media with %s is told what is expected', async (_, url) => {
    expect((await post({ sms: { mediaUrls: [AT_MOST] } })).status).toBe(202);
    const { status, body } = await post({ sms: { mediaUrls: [url] } });
    const detail = 'must be an http or https address of at most 2084 characters, its host without underscores';
    expect([status, body.errors]).toEqual([400, [{ pointer: '/sms/mediaUrls/0', detail }]]);
  });
});

describe('what PostgreSQL cannot read as JSON', () => {
  const bad = (text: string) => [`${text}\u0000`, `${text}\ud83d`];
  const URLS = bad('https://example.com/');
  const NAMES = bad('name');

  it.each([
    ...URLS.map((url) => ['sms', '/sms/mediaUrls/1', { sms: { mediaUrls: ['https://example.com/a', url] } }] as const),
    ...URLS.map((url) => ['whatsapp', '/whatsapp/mediaUrls/0', { whatsapp: { mediaUrls: [url] } }] as const),
    ...URLS.map((url) => ['voice', '/voice/url', { voice: { url } }] as const),
    ...NAMES.map((name) => ['whatsapp', '/whatsapp/contentVariables', template({ [name]: 'a' })] as const),
    ...NAMES.map((text) => ['whatsapp', '/whatsapp/contentVariables', template({ a: text })] as const),
    ...NAMES.map((text) => ['sms', '/sms/body', { sms: { body: text } }] as const),
    ...NAMES.map((text) => ['voice', '/voice/twiml', { voice: { twiml: text } }] as const),
  ])('is no content: %s refuses %s of %j', async (channel, pointer, content) => {
    const { status, body } = await post({ channels: [channel], body: 'Hello', ...content });
    expect([status, body.errors]).toMatchObject([400, [{ pointer }]]);
  });

  it.each([...NAMES.map((text) => ({ a: [{ b: text }] })), ...NAMES.map((name) => ({ a: { [name]: 1 } }))])(
    'is no metadata: %j',
    async (metadata) => {
      const { status, body } = await post({ body: 'Hello', metadata });
      expect([status, body.errors]).toMatchObject([400, [{ pointer: '/metadata' }]]);
    },
  );

  it.each([{ regex: '[\\u0000-\\u001f]' }, { path: 'C:\\ud83d' }, { 'C:\\ud83d': { note: '\\\\u0000'.repeat(40) } }])(
    'is not what only looks like its escape: %j is metadata',
    async (metadata) => {
      const { api } = service();
      const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello', sendAt: soon(), metadata });
      expect((await api.get(`/v1/notifications/${id}`)).body).toMatchObject({ metadata });
    },
  );
});

describe('metadata', () => {
  const ofBytes = (letter: string, count: number) => ({ note: letter.repeat(count) });
  const FRAME = JSON.stringify({ note: '' }).length;

  it.each([
    ['ASCII', 'x', 1],
    ['umlauts', 'ü', 2],
    ['Chinese', '字', 3],
    ['emoji', '👋', 4],
  ])('is at most 8192 bytes of %s', async (_, letter, bytes) => {
    const most = Math.floor((8192 - FRAME) / bytes);
    expect((await post({ body: 'Hello', metadata: ofBytes(letter, most) })).status).toBe(202);
    const { status, body } = await post({ body: 'Hello', metadata: ofBytes(letter, most + 1) });
    expect([status, body.errors]).toMatchObject([400, [{ pointer: '/metadata' }]]);
  });
});

describe('an Idempotency-Key header', () => {
  it.each(['', '""', '  '])('of %j is refused: it is no key, and not none', async (key) => {
    const { status, body } = await post({ body: 'Hello' }, { 'idempotency-key': key });
    expect([status, body.type]).toEqual([400, 'urn:postrider:problem:idempotency-key-malformed']);
  });
});

describe('POST /v1/notifications/:id/cancel', () => {
  it('takes the empty form that curl -d sends', async () => {
    const { api } = service();
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello', sendAt: soon() });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await api.request('POST', `/v1/notifications/${id}/cancel`, '', headers)).toMatchObject({
      status: 200,
      body: { status: 'canceled' },
    });
  });

  it('answers both where it is asked for twice at once', async () => {
    const { api, databaseUrl } = service();
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello', sendAt: soon() });
    const other = await startTransaction(databaseUrl);
    await other.query('SELECT 1 FROM outbox WHERE notification_id = $1 FOR UPDATE', [id]);
    const both = Promise.all([1, 2].map(() => api.post(`/v1/notifications/${id}/cancel`)));
    await untilSomebodyWaits(databaseUrl, 2);
    await other.query('COMMIT');
    const canceled = { status: 200, body: { status: 'canceled' } };
    expect(await both).toMatchObject([canceled, canceled]);
  });

  it.each([
    ['failed', '+15005551403', () => ({}), 'it failed'],
    ['expired', TO, () => ({ sendAt: soon(3600), expiresAt: soon(3700) }), 'it expired'],
  ] as const)('does not call sent what %s: nothing was sent', async (status, to, times, why) => {
    const { api, database } = service();
    const id = await api.send({ to, channels: ['sms'], body: 'Hello', ...times() });
    for (const [table, column] of Object.entries({ notifications: 'id', outbox: 'notification_id' })) {
      const passed = `UPDATE ${table} SET expires_at = service_now() WHERE ${column} = $1 AND expires_at IS NOT NULL`;
      await database.query(passed, [id]);
    }
    await api.untilStatus(id, status);
    const { body, ...answer } = await api.post<{ detail: string }>(`/v1/notifications/${id}/cancel`);
    expect([answer.status, body]).toMatchObject([
      409,
      { type: 'urn:postrider:problem:conflict', notificationStatus: status, detail: expect.stringContaining(why) },
    ]);
  });

  it.each([
    ['sending', async (test: OutboxUnderTest) => (await test.lease()).notificationId],
    ['queued', withFallbackDue],
  ] as const)('does not call sent what is %s, but says that it may have been accepted', async (status, prepare) => {
    const test = await startOutbox();
    expect(await test.api.post(`/v1/notifications/${await prepare(test)}/cancel`)).toMatchObject({
      status: 409,
      body: {
        type: 'urn:postrider:problem:already-sent',
        notificationStatus: status,
        detail: 'It cannot be canceled now: an attempt is on its way, or an earlier one may have been accepted.',
      },
    });
  });

  it('takes {} and refuses any property: it has none', async () => {
    const { api } = service();
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello', sendAt: soon() });
    expect(await api.post(`/v1/notifications/${id}/cancel`, { note: 'a mistake' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/note', detail: 'unknown property' }] },
    });
    expect((await api.get(`/v1/notifications/${id}`)).body).toMatchObject({ status: 'scheduled' });
    expect((await api.post(`/v1/notifications/${id}/cancel`, {})).status).toBe(200);
  });
});
