import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CHANNELS } from '../src/policy/vocabulary.js';
import { ADMIN_KEY, shareTestService } from './support/service.js';

const text = readFileSync(new URL('../docs/integrating.md', import.meta.url), 'utf8');
const service = shareTestService();

describe('the numbers of docs/integrating.md', () => {
  const SEEN = {
    '+15551230001': { status: 'delivered', deliveries: [{ attempts: [{ outcome: 'accepted' }] }] },
    '+15005553016': {
      status: 'delivered',
      deliveries: [
        { channel: 'whatsapp', status: 'failed' },
        { channel: 'sms', status: 'delivered' },
      ],
    },
    '+15005551503': {
      status: 'delivered',
      deliveries: [
        {
          attempts: [
            { errorClass: 'provider_fault' },
            { errorClass: 'provider_fault' },
            { outcome: 'accepted', errorClass: null },
          ],
        },
      ],
    },
    '+15005553000': { status: 'sent', deadLetter: null, deliveries: [{ callbacks: [{}, {}] }] },
    '+15005550001': { status: 'failed', deadLetter: { state: 'open' } },
    '+15005552610': { status: 'failed', deadLetter: null },
  };
  const rows = [...text.matchAll(/^\| (\+\d+) +\| (any|`.*?`) +\|/gm)].map(([, to = '', channels = '']) => ({
    to,
    channels,
  }));

  it('are all tried here', () => {
    expect(rows.map(({ to }) => to)).toEqual(Object.keys(SEEN));
  });

  const sends = rows.flatMap(({ to, channels }) =>
    channels === 'any'
      ? CHANNELS.map((channel) => ({ to, channels: [channel] }))
      : [{ to, channels: JSON.parse(channels.replaceAll('`', '')) as string[] }],
  );
  it.each(sends)('show what the page says: $to on $channels', async ({ to, channels }) => {
    const { api } = service();
    const seen = Object.entries(SEEN).find(([number]) => number === to)?.[1];
    const id = await api.send({ to, channels, body: 'Hello' });
    await expect
      .poll(async () => (await api.get(`/v1/notifications/${id}`)).body)
      .toMatchObject(seen ?? { status: 'listed' });
  });
});

describe('the code of docs/integrating.md', () => {
  type Send = (notification: object, key: string) => Promise<{ id: string }>;

  async function documentedSend(): Promise<Send> {
    const [, code = ''] = /```js\n(.*?)```/s.exec(text) ?? [];
    const module = `const BASE = '${service().url}', KEY = '${ADMIN_KEY}'; export ${code}`;
    return ((await import(`data:text/javascript,${encodeURIComponent(module)}`)) as { send: Send }).send;
  }

  it('sends once, although the first answer is lost and the next ask to repeat it', async () => {
    const send = await documentedSend();
    const original = fetch;
    const repeat = async (status: number) => new Response('', { status, headers: { 'retry-after': '0' } });
    const answers: (typeof fetch)[] = [
      async (...request) => {
        await original(...request);
        throw new TypeError('fetch failed');
      },
      () => repeat(408),
      () => repeat(503),
    ];
    vi.stubGlobal('fetch', (...request: Parameters<typeof fetch>) => (answers.shift() ?? original)(...request));
    onTestFinished(() => void vi.unstubAllGlobals());
    const to = '+15551230003';
    const { id } = await send({ to, channels: ['sms'], body: 'Hello' }, 'order-17-shipped');
    expect(answers).toEqual([]);
    const { body } = await service().api.get(`/v1/notifications?to=${encodeURIComponent(to)}`);
    expect(body['items']).toMatchObject([{ id }]);
  });

  it('does not repeat what is wrong', async () => {
    const send = await documentedSend();
    await expect(send({ to: '12', channels: ['sms'], body: 'Hello' }, 'wrong')).rejects.toThrow('"pointer":"/to"');
  });
});
