import { expect } from 'vitest';
import type { ProviderError } from '../src/twilio/provider.error.js';
import type { TwilioSettings } from '../src/twilio/twilio.settings.js';
import { IDS, MESSAGE, MESSAGE_FORM, providerErrorOf, startWired } from './twilio.setup.js';
import type { Script } from './twilio.wire.js';

export const hang: Script = () => undefined;

/** Sends one message to a server that does this, and hands back the error it must end in. */
export async function errorOn(script: Script, settings: Partial<TwilioSettings> = {}): Promise<ProviderError> {
  const { client, wire } = await startWired(script, settings);
  const error = await providerErrorOf(client.create('message', MESSAGE_FORM, IDS));
  expect(wire.requests.length).toBeLessThanOrEqual(1);
  return error;
}

export const twilioBody = (status: number, code: unknown) => ({
  code,
  message: `The 'To' number ${MESSAGE.To} is not valid`,
  more_info: 'https://www.twilio.com/docs/errors/1',
  status,
});
