import type { DeliveryState, ReportedState, Standing } from '../src/callbacks/report.state.js';

/** The only delivery, which the provider accepted. */
export const first: DeliveryState = {
  id: 'delivery-1',
  channel: 'sms',
  status: 'sent',
  attempted: true,
  accepted: true,
  byHuman: false,
  elsewhere: false,
  reworded: false,
};

/** Accepted by SMS, voice may follow, and a callback of its one attempt has come in. */
export function standing(state: Partial<ReportedState> = {}): Standing {
  return {
    attemptId: 'attempt-1',
    providerSid: 'SM1',
    outbox: null,
    state: {
      id: 'notification',
      clientId: 'client',
      recipient: '+15551230001',
      status: 'sent',
      ageSeconds: 5,
      expired: false,
      category: 'transactional',
      channels: ['sms', 'voice'],
      fallbackAfterSeconds: 600,
      awaitsReview: false,
      hasWork: false,
      content: { body: 'Hello' },
      deliveries: [first],
      deliveryId: 'delivery-1',
      channel: 'sms',
      deliveryStatus: 'sent',
      sender: '+15005550006',
      changes: null,
      outcome: 'accepted',
      knownSid: 'SM1',
      reportedFailed: false,
      attemptStartedAt: new Date('2026-12-01T09:00:00Z'),
      othersAccepted: [],
      isAnothersSid: false,
      ...state,
    },
  };
}
