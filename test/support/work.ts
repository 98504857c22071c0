import type { Work } from '../../src/outbox/work.js';

/** The first attempt of a notification by SMS, as a claim hands it out. */
export function workOf(more: Partial<Work> = {}): Work {
  return {
    notificationId: '01890a5d-ac96-774b-bcce-b302099a8000',
    deliveryId: '01890a5d-ac96-774b-bcce-b302099a8001',
    clientId: '01890a5d-ac96-774b-bcce-b302099a8002',
    channel: 'sms',
    channels: ['sms'],
    tried: null,
    recipient: '+15551230001',
    sender: '+15005550006',
    category: 'transactional',
    turn: 0,
    content: { body: 'Hello' },
    changes: null,
    onUnknown: 'resend',
    fallbackAfterSeconds: null,
    expiresAt: null,
    createdAt: new Date('2026-11-22T10:00:00Z'),
    stage: 'send',
    attemptId: '01890a5d-ac96-774b-bcce-b302099a8057',
    attemptStartedAt: new Date('2026-11-22T10:00:00Z'),
    attemptNumber: 1,
    retries: 0,
    waitedMs: 0,
    lookups: 0,
    exhausted: false,
    possibleDuplicate: false,
    probe: false,
    releasedBy: null,
    over: false,
    suppressed: false,
    unavailableCode: null,
    leaseToken: '01890a5d-ac96-774b-bcce-b302099a8003',
    ...more,
  };
}
