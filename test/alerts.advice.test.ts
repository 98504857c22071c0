import { expect, it } from 'vitest';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';
import { alertsOf } from './alerts.setup.js';
import { eventually } from './support/eventually.js';
import { Provider, startTestService } from './support/service.js';

const LOCKED = 63051;

it.each([
  ['an answer', { kind: 'status', status: 400, code: LOCKED }],
  ['a callback', { kind: 'callback', status: 'failed', errorCode: LOCKED }],
] as const)('says of a sender locked by %s what its code asks for, and to close its circuit then', async (_, fault) => {
  const { api, simulator } = await startTestService();
  await new Provider(simulator.url).fail('*', { match: { channel: 'whatsapp' }, fault });
  await api.send({ to: '+15551230001', channels: ['whatsapp'], body: 'Hello' });
  const [alert] = await eventually(
    () => alertsOf(api),
    (seen) => seen.length > 0,
  );
  expect(alert).toMatchObject({
    kind: 'sender_unavailable',
    advice: `${TWILIO_ERROR_CODES.get(LOCKED)?.action} Then close the sender's circuit: what it holds goes out. What was refused before it opened waits in the review queue.`,
    facts: { providerCode: LOCKED, circuitId: expect.any(String) },
  });
});
