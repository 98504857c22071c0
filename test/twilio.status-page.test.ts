import { afterEach, describe, expect, it } from 'vitest';
import { readStatusPage } from '../src/twilio/status-page.js';
import { reply, startWire } from './twilio.wire.js';
import type { Script, Wire } from './twilio.wire.js';

const summary = {
  page: { id: 'gpkpyklzq55q', name: 'Twilio' },
  status: { indicator: 'minor', description: 'Partially Degraded Service' },
  components: [
    { id: 'a', name: 'Programmable Messaging', status: 'partial_outage', group: false },
    { id: 'b', name: ' WHATSAPP ', status: 'operational' },
    { id: 'c', name: 'Elsewhere - Some Carrier', status: 'major_outage' },
  ],
  incidents: [
    {
      name: 'SMS delays',
      status: 'investigating',
      impact: 'minor',
      started_at: '2026-11-22T08:00:00.000Z',
      shortlink: 'https://stspg.io/abc',
      incident_updates: [{ affected_components: null }],
    },
    { name: 'Older', status: 'monitoring', impact: 'none', started_at: null, created_at: '2026-11-21T08:00:00.000Z' },
  ],
  scheduled_maintenances: [],
};

let wire: Wire | undefined;
afterEach(() => wire?.close());

async function read(script: Script, timeoutMs = 1000) {
  wire = await startWire(script);
  const url = `${wire.url}/api/v2/summary.json`;
  return readStatusPage({ url, componentNames: ['programmable messaging', 'WhatsApp', 'Voice'], timeoutMs });
}

describe('readStatusPage', () => {
  it('quotes the page, its open incidents and the components that were asked for', async () => {
    expect(await read(reply(200, summary))).toEqual({
      reachable: true,
      description: 'Partially Degraded Service',
      components: [
        { name: 'Programmable Messaging', status: 'partial_outage' },
        { name: ' WHATSAPP ', status: 'operational' },
      ],
      incidents: [
        {
          name: 'SMS delays',
          status: 'investigating',
          startedAt: '2026-11-22T08:00:00.000Z',
        },
        { name: 'Older', status: 'monitoring', startedAt: '2026-11-21T08:00:00.000Z' },
      ],
    });
    expect(wire?.requests[0]?.path).toBe('/api/v2/summary.json');
  });

  it('quotes no more than a headline, of characters that a database can hold', async () => {
    const endless = { ...summary, status: { description: `a\0b${'c'.repeat(100_000)}` } };
    expect(await read(reply(200, endless))).toMatchObject({ description: `a\ufffdb${'c'.repeat(197)}` });
  });

  it.each<[string, Script]>([
    ['answers 500', reply(500, summary)],
    ['moved', reply(302, '', { Location: 'http://127.0.0.1/' })],
    ['is HTML', reply(200, '<html>', { 'Content-Type': 'text/html' })],
    ['has another shape', reply(200, { status: 'fine' })],
    ['resets', (socket) => socket.resetAndDestroy()],
    ['never answers', () => undefined],
  ])('says "unreachable" when the page %s', async (_, script) => {
    expect(await read(script, 100)).toEqual({ reachable: false });
  });

  it.each(['', 'not an address', 'http://status.invalid/summary.json', 'ftp://127.0.0.1/'])(
    'says "unreachable" for the address "%s"',
    async (url) => {
      expect(await readStatusPage({ url, componentNames: [], timeoutMs: 1000 })).toEqual({ reachable: false });
    },
  );

  it('leaves no connection behind', async () => {
    await read(reply(200, summary));
    await expect.poll(() => wire?.connections.every(({ destroyed }) => destroyed)).toBe(true);
  });
});
