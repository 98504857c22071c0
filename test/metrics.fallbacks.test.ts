import { describe, expect, it } from 'vitest';
import { scrape, valueOf } from './metrics.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { handsOn } from './support/operator.js';
import { shareTestService, startTestService } from './support/service.js';

const NAME = 'postrider_fallbacks_total';
const hello = (to: string, ...channels: string[]) => ({ to, channels, body: 'Hello' });

describe('postrider_fallbacks_total', () => {
  const service = shareTestService({ RETRY_MAX: '1' });

  /** Every series with its value. */
  async function series(): Promise<Map<string, number>> {
    const samples = (await scrape(service().url)).matchAll(new RegExp(`^${NAME}{(?<labels>.*)} (?<value>\\d+)$`, 'gm'));
    return new Map([...samples].map(({ groups }) => [groups?.['labels'] ?? '', Number(groups?.['value'])]));
  }

  /** What `happens` adds to which series, once it has added anything. */
  async function added(happens: () => Promise<unknown>): Promise<Record<string, number>> {
    const before = await series();
    await happens();
    const more = async () =>
      [...(await series())].map(([labels, value]) => [labels, value - (before.get(labels) ?? 0)]);
    const grown = await eventually(
      async () => (await more()).filter(([, by]) => by !== 0),
      (changed) => changed.length > 0,
    );
    return Object.fromEntries(grown);
  }

  const endsOn = async (channel: string, notification: Record<string, unknown>) => {
    const { api } = service();
    expect(await api.untilStatus(await api.send(notification), 'delivered')).toMatchObject({ channel });
  };

  it('counts one after a refused attempt, and one for a channel that is passed over for it the next time', async () => {
    const labels = 'from="whatsapp",to="sms",error_class="channel_unavailable"';
    const sent = () => endsOn('sms', hello('+15005552003', 'whatsapp', 'sms'));
    expect(await added(sent)).toEqual({ [labels]: 1 });
    const attempts = async () =>
      valueOf(await scrape(service().url), 'postrider_attempts_total', { channel: 'whatsapp' });
    const before = await attempts();
    expect(await added(sent)).toEqual({ [labels]: 1 });
    expect(await attempts()).toBe(before);
  });

  it('counts one when retries are used up', async () => {
    const { provider } = handsOn(service());
    const to = '+15551230002';
    await provider.fail(to, { match: { channel: 'sms' }, fault: { kind: 'status', status: 429, code: 20429 } });
    expect(await added(() => endsOn('voice', hello(to, 'sms', 'voice')))).toEqual({
      'from="sms",to="voice",error_class="rate_limited"': 1,
    });
  });

  it('counts one that reconciliation leads to', async () => {
    const { provider } = handsOn(service());
    const to = '+15551230003';
    await provider.fail(to, { match: { channel: 'sms' }, fault: { kind: 'status', status: 503 } });
    expect(await added(() => endsOn('voice', hello(to, 'sms', 'voice')))).toEqual({
      'from="sms",to="voice",error_class="provider_fault"': 1,
    });
  });

  it('counts one after a callback reported a failure', async () => {
    const labels = 'from="whatsapp",to="sms",error_class="channel_unavailable"';
    expect(await added(() => endsOn('sms', hello('+15005553016', 'whatsapp', 'sms')))).toEqual({ [labels]: 1 });
  });

  it('counts one after fallbackAfterSeconds, of no class since nothing failed', async () => {
    const { api, databaseUrl } = service();
    const grown = await added(async () => {
      const body = { ...hello('+15005553000', 'whatsapp', 'voice'), fallbackAfterSeconds: 60 };
      const id = await api.send(body);
      await api.untilStatus(id, 'sent');
      await moveClock(databaseUrl, 120_000);
      await api.untilStatus(id, 'delivered');
    });
    expect(grown).toEqual({ 'from="whatsapp",to="voice",error_class="none"': 1 });
  });

  it('counts none that a human chose', async () => {
    const { api, url } = service();
    const id = await api.send(hello('+15005552003', 'whatsapp'));
    const { deadLetter } = await api.untilStatus(id, 'failed');
    const before = valueOf(await scrape(url), NAME);
    await api.post(`/v1/admin/dead-letters/${deadLetter?.id}/fallback`, { channel: 'sms' });
    await api.untilStatus(id, 'delivered');
    // What is sent after it is counted after it.
    await added(() => endsOn('sms', hello('+15005553016', 'whatsapp', 'sms')));
    expect(valueOf(await scrape(url), NAME)).toBe(before + 1);
  });

  it('counts one around a sender that is locked, by why it is', async () => {
    const test = await startTestService();
    const { operator, provider } = handsOn(test);
    const to = '+15551230001';
    await provider.fail(to, { match: { channel: 'whatsapp' }, fault: { kind: 'status', status: 400, code: 63051 } });
    await test.api.send(hello(to, 'whatsapp'));
    await operator.untilCircuit('sender:whatsapp:+14155238886', 'open');
    await test.api.untilStatus(await test.api.send(hello('+15551230002', 'whatsapp', 'sms')), 'delivered');
    // It is seen before it is counted.
    const page = await eventually(
      () => scrape(test.url),
      (seen) => valueOf(seen, NAME) > 0,
    );
    expect(page).toContain(`${NAME}{from="whatsapp",to="sms",error_class="channel_unavailable"} 1\n`);
    expect(valueOf(page, NAME)).toBe(1);
  });

  it('has a series from the start for what can lead to another channel, and none for what cannot', async () => {
    const { url } = await startTestService();
    const page = await scrape(url);
    expect(page).toContain(`${NAME}{from="whatsapp",to="sms",error_class="none"} 0\n`);
    expect(page).toContain(`${NAME}{from="sms",to="voice",error_class="recipient_unreachable"} 0\n`);
    expect(page).not.toMatch(new RegExp(`^${NAME}\\{.*(?:authentication|quota_exhausted|opted_out)`, 'm'));
    expect(page).not.toMatch(new RegExp(`^${NAME}\\{from="(\\w+)",to="\\1"`, 'm'));
  });
});
