import { FIRST_ATTEMPT } from '../../src/outbox/claimed.work.js';
import type { Work } from '../../src/outbox/work.js';

/** The first attempt of a notification by SMS, as a claim hands it out. */
export function workOf(more: Partial<Work> = {}): Work {
  return {
    notificationId: '01890a5d-ac96-774b-bcce-b302099a8000',
    deliveryId: '01890a5d-ac96-774b-bcce-b302099a8001',
    clientId: '01890a5d-ac96-774b-bcce-b302099a8002',
    channel: 'sms',
    channels: ['sms'],
    recipient: '+15551230001',
    sender: '+15005550006',
    category: 'transactional',
    turn: 0,
    content: { body: 'Hello' },
    onUnknown: 'resend',
    fallbackAfterSeconds: null,
    expiresAt: null,
    createdAt: new Date('2026-11-22T10:00:00Z'),
    attemptId: '01890a5d-ac96-774b-bcce-b302099a8057',
    attemptStartedAt: new Date('2026-11-22T10:00:00Z'),
    suppressed: false,
    unavailableCode: null,
    ...FIRST_ATTEMPT,
    leaseToken: '01890a5d-ac96-774b-bcce-b302099a8003',
    ...more,
  };
}
