import { describe, expect, it } from 'vitest';
import { Provider, startTestService } from './support/service.js';

const TO = '+15551230001';
const SERVICE = `MG${'0'.repeat(32)}`;

describe('a sender', () => {
  it('whose name begins like the sid of a Messaging Service is still a name', async () => {
    const { api, simulator } = await startTestService({ TWILIO_SMS_FROM: 'MG Cars' });
    await api.untilStatus(await api.send({ to: TO, channels: ['sms'], body: 'Hello' }), 'sent', 'delivered');
    const [create] = await new Provider(simulator.url).creates(TO);
    expect(create?.params).toMatchObject({ To: TO, From: 'MG Cars' });
  });

  it.each(['NULL', 'null'])('may have the name %s', async (name) => {
    const { api, simulator } = await startTestService({ TWILIO_SMS_FROM: name });
    await api.untilStatus(await api.send({ to: TO, channels: ['sms'], body: 'Hello' }), 'sent', 'delivered');
    const [create] = await new Provider(simulator.url).creates(TO);
    expect(create?.params).toMatchObject({ To: TO, From: name });
  });

  it('that is a Messaging Service is named as one, on WhatsApp too', async () => {
    const { api, simulator } = await startTestService({ TWILIO_WHATSAPP_FROM: SERVICE });
    await api.untilStatus(await api.send({ to: TO, channels: ['whatsapp'], body: 'Hello' }), 'sent', 'delivered');
    const [create] = await new Provider(simulator.url).creates(TO);
    expect(create?.params).toMatchObject({ To: `whatsapp:${TO}`, MessagingServiceSid: SERVICE });
    expect(create?.params).not.toHaveProperty('From');
  });
});
