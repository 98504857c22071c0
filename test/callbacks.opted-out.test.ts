import { describe, expect, it } from 'vitest';
import { PATIENT, Story } from './callbacks.setup.js';
import { startHeldProvider } from './support/held-provider.js';
import { shareTestService } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

const provider = await startHeldProvider();
const SMS_SENDER = '+15005550006';
// A number of its own: who opts out of a number gets neither messages nor calls from it.
const service = shareTestService({ ...PATIENT, TWILIO_BASE_URL: provider.url, TWILIO_VOICE_FROM: '+15005550009' });

let numbers = 0;

/** WhatsApp accepted it, and no receipt comes in the time it is given. */
async function silentOnWhatsApp(channels: readonly string[], optedOut: boolean) {
  numbers += 1;
  const to = `+1555128${String(numbers).padStart(4, '0')}`;
  const story = await Story.begin(service(), provider, to, channels, { fallbackAfterSeconds: 60 });
  const whatsapp = await story.accepted(0);
  if (optedOut) {
    const stop = { From: to, To: SMS_SENDER, Body: 'STOP', MessageSid: 'SM1' };
    await new TwilioCallback(service()).post('/callbacks/twilio/inbound', stop);
  }
  await story.timePasses();
  return { story, whatsapp };
}

const ON_WHATSAPP = { status: 'sent', channel: 'whatsapp', nextAttemptAt: null, deadLetter: null };

describe('a fallback to a sender that the recipient opted out of', () => {
  it('leaves the notification on the channel that accepted it, until its receipt comes', async () => {
    const { story, whatsapp } = await silentOnWhatsApp(['whatsapp', 'sms'], true);
    const after = await story.until(({ deliveries }) => deliveries[1]?.status === 'failed');
    expect(after).toMatchObject({ ...ON_WHATSAPP, deliveries: [{ status: 'sent' }, { attempts: [] }] });
    expect(await story.work()).toBeNull();
    const delivered = await story.reports(whatsapp.attemptId, whatsapp.sid, 'delivered');
    expect(delivered).toMatchObject({ status: 'delivered', channel: 'whatsapp' });
  });

  it('hides from no human that this channel fails later', async () => {
    const { story, whatsapp } = await silentOnWhatsApp(['whatsapp', 'sms'], true);
    await story.until(({ deliveries }) => deliveries[1]?.status === 'failed');
    expect(await story.reports(whatsapp.attemptId, whatsapp.sid, 'undelivered', 63016)).toMatchObject({
      status: 'failed',
      channel: 'whatsapp',
      deadLetter: { state: 'open', providerCode: 63016, channel: 'whatsapp' },
    });
  });

  it('keeps no further channel from taking over when this one fails later', async () => {
    const { story, whatsapp } = await silentOnWhatsApp(['whatsapp', 'sms', 'voice'], true);
    await story.until(({ deliveries }) => deliveries[1]?.status === 'failed');
    expect(await story.read()).toMatchObject(ON_WHATSAPP);
    await story.reports(whatsapp.attemptId, whatsapp.sid, 'undelivered', 63016);
    await story.accepted(1);
    expect(await story.read()).toMatchObject({ status: 'sent', channel: 'voice', deadLetter: null });
  });

  it('does so, too, where the provider says it only after it accepted the fallback', async () => {
    const { story, whatsapp } = await silentOnWhatsApp(['whatsapp', 'sms', 'voice'], false);
    const sms = await story.accepted(1);
    expect(await story.reports(sms.attemptId, sms.sid, 'undelivered', 21610)).toMatchObject(ON_WHATSAPP);
    expect(await story.work()).toBeNull();
    await story.reports(whatsapp.attemptId, whatsapp.sid, 'undelivered', 63016);
    await story.accepted(2);
    expect(await story.read()).toMatchObject({ status: 'sent', channel: 'voice' });
  });

  it('ends the notification where the channel before it has failed', async () => {
    const { story, whatsapp } = await silentOnWhatsApp(['whatsapp', 'sms'], false);
    const sms = await story.accepted(1);
    await story.reports(whatsapp.attemptId, whatsapp.sid, 'undelivered', 63016);
    expect(await story.reports(sms.attemptId, sms.sid, 'undelivered', 21610)).toMatchObject({
      status: 'failed',
      channel: 'sms',
      deadLetter: null,
    });
  });
});
