import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { unknownSenders } from '../src/incidents/rated-senders.js';
import { keepLines } from './support/log.lines.js';
import { startTestService } from './support/service.js';

const CONFIGURED = { sms: 'Postrider', whatsapp: '+14155238886', voice: '+15005550006' };

describe('a rate of a sender that is not configured', () => {
  it.each([
    ['+14155238886', 'whatsapp:+14155238886'],
    ['voice:+14155238886', 'whatsapp:+14155238886'],
    ['whatsapp:+15005550006', '+15005550006'],
    ['Postrdier', 'Postrider'],
    ['+15005550060', '+15005550006'],
    ['whatsapp:+14155238868', 'whatsapp:+14155238886'],
    ['+4915112345678', null],
  ])('of %s probably means %s', (sender, meant) => {
    expect(unknownSenders([sender], CONFIGURED)).toEqual([{ sender, meant }]);
  });

  it('is none where it is one of them, as SENDER_RATES names it', () => {
    const names = ['Postrider', 'whatsapp:+14155238886', '+15005550006', 'voice:+15005550006'];
    expect(unknownSenders(names, CONFIGURED)).toEqual([]);
  });

  it('is warned of at the start: a number without its middle, anything else whole', async () => {
    const service = await startTestService();
    const { destination, lines } = keepLines();
    const rates = '+14155238886=5,+15005550006=1,12345=2';
    await service.replica({ SENDER_RATES: rates }, pino({ level: 'warn' }, destination));
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'SENDER_RATES names +141•••8886, which is no configured sender: it slows nothing down; did you mean whatsapp:+141•••8886?',
      'SENDER_RATES names 12345, which is no configured sender: it slows nothing down',
    ]);
  });
});
