import type { BatchItemDto, CreateBatchDto, CreateNotificationDto } from './create-notification.dto.js';

/** Requests to begin with, by what they ask for. */
export const NOTIFICATION_EXAMPLES = {
  'An SMS': { to: '+15551230001', channels: ['sms'], body: 'Your order is on its way.', metadata: { orderId: 'A-17' } },
  'A WhatsApp template, or else an SMS': {
    to: '+15551230001',
    channels: ['whatsapp', 'sms'],
    whatsapp: { contentSid: 'HX00000000000000000000000000000000', contentVariables: { 1: 'A-17' } },
    sms: { body: 'Your order A-17 is on its way.' },
    fallbackAfterSeconds: 600,
  },
  'A code by SMS, or else read aloud': {
    to: '+15551230001',
    channels: ['sms', 'voice'],
    sms: { body: 'Your code is 493021' },
    voice: { say: 'Your code is 4, 9, 3, 0, 2, 1' },
    category: 'otp',
    fallbackAfterSeconds: 60,
  },
} satisfies Record<string, CreateNotificationDto>;

export const BATCH_EXAMPLES = {
  'Two notifications, each with a key of its own': {
    notifications: [
      { to: '+15551230001', channels: ['sms'], body: 'Your order is on its way.', idempotencyKey: 'order-17-sent' },
      { to: '+15551230002', channels: ['sms'], body: 'Your order is on its way.', idempotencyKey: 'order-18-sent' },
    ] satisfies BatchItemDto[],
  },
} satisfies Record<string, CreateBatchDto>;
