import { create } from 'axios';
import { NetworkError } from '../src/twilio/network.error.js';
import { undiciAdapter } from '../src/twilio/undici.adapter.js';
import type { UndiciAdapterOptions } from '../src/twilio/undici.adapter.js';
import { startWire } from './twilio.wire.js';
import type { Script, Wire } from './twilio.wire.js';

const opened: { close(): Promise<void> }[] = [];

/** Has something closed after the test. */
export function closeLater(one: { close(): Promise<void> }): void {
  opened.push(one);
}

export async function closeOpened(): Promise<void> {
  await Promise.all(opened.splice(0).map((one) => one.close()));
}

export async function wireOf(script: Script, onConnection?: Parameters<typeof startWire>[1]): Promise<Wire> {
  const wire = await startWire(script, onConnection);
  opened.push(wire);
  return wire;
}

/** An axios instance over the adapter alone: no interceptor, no transforms. */
export function axiosOver(options: Partial<UndiciAdapterOptions> & { baseUrl: string }) {
  const adapter = undiciAdapter({ connections: 4, ...options });
  opened.push(adapter);
  return create({ adapter, transformRequest: [], transformResponse: [], timeout: 2000 });
}

/** The NetworkError a promise ends in; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<NetworkError> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof NetworkError) return error;
  throw error;
}
