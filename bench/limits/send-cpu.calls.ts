import type { Calls } from '../stage/rpc.js';

export const SEND_CLIENTS = ['TwilioClient', 'twilio-node', 'undici'] as const;
export type SendClient = (typeof SEND_CLIENTS)[number];

export interface SendCpuCalls extends Calls {
  /** Sends as many messages, so many at a time. @returns microseconds of CPU per message, user and system */
  readonly send: (how: { count: number; concurrency: number }) => Promise<number>;
}
