import type { Job } from 'bullmq';
import type { Repository } from 'typeorm';
import type { Twilio } from 'twilio';
import { ACCOUNT } from '../../contenders/contender.js';
import type { Notification } from './notification.entity.js';

/** Loads the notification, sends it with twilio-node and saves what came of it. */
export function sendWith(twilio: Twilio, notifications: Repository<Notification>) {
  return async ({ data }: Job<{ id: string }>): Promise<void> => {
    const notification = await notifications.findOneByOrFail({ id: data.id });
    const message = await twilio.messages.create({
      to: notification.recipient,
      from: ACCOUNT.sender,
      body: notification.body,
      statusCallback: `http://127.0.0.1:3000/callbacks/${notification.id}`,
    });
    notification.status = 'sent';
    notification.sid = message.sid;
    await notifications.save(notification);
  };
}
