import type { NotificationDto } from '../notifications/notification.dto.js';
import type { NotificationStatus } from '../policy/transitions.js';
import type { Channel, ErrorClass } from '../policy/vocabulary.js';

/** How a notification ends when everything works. */
export interface Ending {
  readonly status: NotificationStatus;
  readonly channel: Channel;
  /** The class of the dead letter it left; null for none. */
  readonly deadLetter: ErrorClass | null;
  /** Requests to the provider on all channels; absent if an earlier run may have taught the service to make fewer. */
  readonly attempts?: number;
}

/** One kind of notification: what is sent, and how it has to end. */
export interface Scenario {
  readonly title: string;
  readonly request: Readonly<Record<string, unknown>> & { readonly to: string; readonly channels: readonly Channel[] };
  readonly ends: Ending;
}

/** Every kind, using the simulator's numbers (docs/simulator.md). None of them belongs to a phone. */
export const SCENARIOS: readonly Scenario[] = [
  {
    title: 'An SMS that arrives',
    request: { to: '+15005550010', channels: ['sms'], body: 'Your order is on its way.' },
    ends: { status: 'delivered', channel: 'sms', deadLetter: null, attempts: 1 },
  },
  {
    title: 'Twilio answers 503 twice: asked whether it was accepted, then sent again',
    request: { to: '+15005551503', channels: ['sms'], body: 'Your order is on its way.' },
    ends: { status: 'delivered', channel: 'sms', deadLetter: null, attempts: 3 },
  },
  {
    title: 'Twilio accepts, but answers 500: nothing is sent a second time',
    request: { to: '+15005551501', channels: ['sms'], body: 'Your order is on its way.' },
    ends: { status: 'delivered', channel: 'sms', deadLetter: null, attempts: 1 },
  },
  {
    title: 'WhatsApp refuses at once: SMS takes over',
    request: { to: '+15005552003', channels: ['whatsapp', 'sms'], body: 'Your code is 493021.', category: 'otp' },
    ends: { status: 'delivered', channel: 'sms', deadLetter: null },
  },
  {
    title: 'WhatsApp accepts, then reports that it failed: SMS takes over',
    request: { to: '+15005553016', channels: ['whatsapp', 'sms'], body: 'Your code is 493021.', category: 'otp' },
    ends: { status: 'delivered', channel: 'sms', deadLetter: null },
  },
  {
    title: 'A number that does not exist: a human has to look',
    request: { to: '+15005550001', channels: ['sms'], body: 'Your order is on its way.' },
    ends: { status: 'failed', channel: 'sms', deadLetter: 'recipient_unreachable' },
  },
  {
    title: 'Someone who opted out: nothing more is tried',
    request: { to: '+15005552610', channels: ['sms'], body: 'Our autumn offers.', category: 'marketing' },
    ends: { status: 'failed', channel: 'sms', deadLetter: null },
  },
  {
    title: 'A voice call',
    request: {
      to: '+15005550010',
      channels: ['voice'],
      voice: { say: 'The freezer in store 12 is warm.' },
      category: 'alert',
    },
    ends: { status: 'delivered', channel: 'voice', deadLetter: null, attempts: 1 },
  },
];

/** What differs from the expected ending, in words; empty if it ended well. */
export function surprises(ends: Ending, notification: NotificationDto): string[] {
  const attempts = notification.deliveries.reduce((sum, delivery) => sum + delivery.attempts.length, 0);
  const compared: [what: string, expected: unknown, actual: unknown][] = [
    ['status', ends.status, notification.status],
    ['channel', ends.channel, notification.channel],
    ['dead letter', ends.deadLetter ?? 'none', notification.deadLetter?.errorClass ?? 'none'],
    ['attempts', ends.attempts ?? attempts, attempts],
  ];
  return compared
    .filter(([, expected, actual]) => expected !== actual)
    .map(([what, expected, actual]) => `${what}: expected ${String(expected)}, is ${String(actual)}`);
}
