import type { CreateNotificationDto } from '../src/notifications/create-notification.dto.js';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { MissingReceipts } from '../src/receipts/missing-receipts.service.js';
import { moveClock } from './support/clock.js';
import { startTestService } from './support/service.js';
import { eventually } from './support/eventually.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const NOBODY = { delivered: 0, failed: 0, under_way: 0, gone: 0, unanswered: 0 };

/** A provider that tells nothing by itself; what became of a message has to be asked. */
export async function startWithoutCallbacks(env: Record<string, string> = {}) {
  const test = await startTestService(env, { callbacks: 'none' });
  const { api, simulator } = test;
  const { operator, provider } = handsOn(test);
  /** Accepted, and at the provider it has come to `status`. */
  const sentAndAt = async (notification: Partial<CreateNotificationDto> & { to: string }, status: string) => {
    const id = await api.send({ channels: ['sms'], body: 'Your code is 493021', ...notification });
    const sent = await api.untilStatus(id, 'sent');
    const resource = sent.channel === 'voice' ? 'calls' : 'messages';
    await eventually(
      async () => JSON.stringify(await (await fetch(`${simulator.url}/__simulator/${resource}?limit=100`)).json()),
      (records) => records.includes(`"${status}"`),
    );
    const delivery = sent.deliveries[0];
    return { id, attemptId: delivery?.attempts[0]?.id ?? '', sid: delivery?.providerSid ?? '' };
  };
  /** Questions for one message or call. */
  const questions = async () => {
    const response = await fetch(`${simulator.url}/__simulator/requests?limit=1000`);
    const { requests } = (await response.json()) as { requests: { method: string; path: string }[] };
    return requests.filter(({ method }) => method === 'GET').map(({ path }) => path);
  };
  return {
    ...test,
    operator,
    provider,
    sentAndAt,
    questions,
    later: (ms: number) => moveClock(test.databaseUrl, ms),
    round: () => partOf(test.service, MissingReceipts).round(),
    read: async (id: string) => (await api.get<NotificationDto>(`/v1/notifications/${id}`)).body,
  };
}
