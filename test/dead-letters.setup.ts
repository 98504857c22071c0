import type { DeadLetterDto } from '../src/dead-letters/dead-letter.dto.js';
import { Provider, startTestService, type ServiceUnderTest } from './support/service.js';

export const TO = '+15551230001';
export const QUEUE = '/v1/admin/dead-letters';
export const REFUSED = { fault: { kind: 'status', status: 400, code: 21211 } };

/** A service whose provider refuses to send to {@link TO}. */
export async function startRefusing(env: Record<string, string> = {}) {
  const service = await startTestService(env);
  const provider = new Provider(service.simulator.url);
  await provider.fail(TO, REFUSED);
  return { ...service, provider };
}

/** A notification in the review queue. */
export async function bury({ api }: ServiceUnderTest, more: Record<string, unknown> = {}): Promise<DeadLetterDto> {
  const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello', ...more });
  const { deadLetter } = await api.untilStatus(id, 'failed');
  if (!deadLetter) throw new Error('It failed without a dead letter');
  return deadLetter;
}

export const fieldsOf = (dead: DeadLetterDto): Record<string, unknown> => Object.fromEntries(Object.entries(dead));
