import { describe, expect, it } from 'vitest';
import { FallbackService } from '../src/channels/fallback.service.js';
import { Senders } from '../src/channels/senders.js';
import { configure } from '../src/config/configuration.js';
import { readEnvironment } from '../src/config/read-environment.js';
import type { Channel } from '../src/policy/vocabulary.js';

const ALL = { sms: '+15005550006', whatsapp: '+14155238886', voice: '+15005550007' };

function fallbackOf(senders: Partial<Record<Channel, string>>): FallbackService {
  const twilio = {
    accountSid: `AC${'0'.repeat(32)}`,
    authToken: 'secret',
    baseUrl: '',
    statusUrl: '',
    simulated: true,
    senders,
  };
  const surroundings = { databaseUrl: '', adminApiKey: null, twilio };
  return new FallbackService(new Senders(configure(readEnvironment({}), surroundings, 'http://127.0.0.1:3000')));
}

describe('the channels that may still follow', () => {
  const remaining = (channel: Channel, tried: readonly Channel[] | null, senders: Partial<typeof ALL> = ALL) =>
    fallbackOf(senders).remaining({
      channels: ['whatsapp', 'sms', 'voice'],
      channel,
      tried,
      content: { body: 'Hello' },
      changes: null,
    });

  it('come in the order of the caller, after this one', () => {
    expect(remaining('whatsapp', null)).toEqual(['sms', 'voice']);
    expect(remaining('voice', null)).toEqual([]);
  });

  it('were not tried before', () => {
    expect(remaining('whatsapp', ['sms'])).toEqual(['voice']);
  });

  it('have a sender: an operator may have taken one away since the notification was accepted', () => {
    const { sms, ...others } = ALL;
    expect(remaining('whatsapp', null, others)).toEqual(['voice']);
    expect(remaining('whatsapp', null, { sms })).toEqual(['sms']);
    expect(remaining('whatsapp', null, {})).toEqual([]);
  });
});

it('a channel that has nothing to say is passed over', () => {
  const course = { channels: ['whatsapp', 'sms', 'voice'], channel: 'whatsapp', tried: null, changes: null } as const;
  expect(fallbackOf(ALL).remaining({ ...course, content: { voice: { say: 'Hello' } } })).toEqual(['voice']);
  // A human's words take the place of all that the caller gave, and of what retention has deleted.
  const corrected = { ...course, changes: { content: { sms: { body: 'Hello' } } } };
  for (const content of [{ body: 'Hello' }, null]) {
    expect(fallbackOf(ALL).remaining({ ...corrected, content })).toEqual(['sms']);
  }
});

it('the next delivery is sent by the sender of its channel', () => {
  expect(fallbackOf(ALL).senderOf('whatsapp')).toBe('+14155238886');
  expect(fallbackOf(ALL).senderOf('voice')).toBe('+15005550007');
});
