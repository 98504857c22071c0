import { expect, it } from 'vitest';
import { Provider, startTestService } from './support/service.js';

const TO = '+15551230001';

it.each([
  ['reads like no value at all', 'NULL'],
  ['reads like no value at all', 'null'],
  ['begins like the sid of a Messaging Service', 'MG Cars'],
])('a sender whose name %s is still a name: %s', async (_, name) => {
  const { api, simulator } = await startTestService({ TWILIO_SMS_FROM: name });
  await api.untilStatus(await api.send({ to: TO, channels: ['sms'], body: 'Hello' }), 'sent', 'delivered');
  const [create] = await new Provider(simulator.url).creates(TO);
  expect(create?.params).toMatchObject({ To: TO, From: name });
});
