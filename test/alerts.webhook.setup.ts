import { Receiver, registerOf, untilRecorded, type Heard } from './alerts.setup.js';
import { eventually } from './support/eventually.js';
import { startTestService } from './support/service.js';

export const SECRET = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;

interface WebhookBody {
  readonly type: string;
  readonly data: { readonly count: number; readonly link: string } & Readonly<Record<string, unknown>>;
}

export const bodyOf = (heard: Heard): WebhookBody => JSON.parse(heard.text);
export const storyOf = (receiver: Receiver) =>
  receiver.taken.map((heard) => [bodyOf(heard).type, bodyOf(heard).data.count]);

/** A service that tells a receiver of its alerts, by signed webhook. */
export async function withWebhook(env: Record<string, string> = {}) {
  const receiver = await Receiver.start();
  const started = await startTestService({
    ALERT_WEBHOOK_URL: `${receiver.url}/hook`,
    ALERT_WEBHOOK_SECRET: SECRET,
    ...env,
  });
  const untilTaken = async (count: number) => {
    await eventually(
      () => receiver.taken,
      (taken) => taken.length >= count,
    );
    await untilRecorded(started, receiver, 'webhook');
    return receiver.taken;
  };
  return { ...started, receiver, register: registerOf(started.service), untilTaken };
}
