import { createHash, randomInt, randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { NewNotification } from '../../src/outbox/work.js';

/** Whose they are, and most of a seeded history (growth.seed.ts). */
export const CLIENT_ID = '00000000-0000-7000-8000-000000000000';

/** `count` requests of one moment, each with a key of its own. */
export function newNotifications(count: number): NewNotification[] {
  return Array.from({ length: count }, (_, n) => {
    const id = uuidv7();
    return {
      id,
      deliveryId: uuidv7(),
      clientId: CLIENT_ID,
      recipient: `+1555${randomInt(10_000_000).toString().padStart(7, '0')}`,
      channels: ['sms', 'voice'],
      sender: '+15005550006',
      category: 'transactional',
      content: { body: `Your order ${n} is on its way and arrives tomorrow before noon.` },
      metadata: {},
      idempotencyKey: randomUUID(),
      requestHash: createHash('sha256').update(id).digest(),
      onUnknown: 'resend',
      sendAt: null,
      expiresAt: null,
      fallbackAfterSeconds: null,
    };
  });
}
