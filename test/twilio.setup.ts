import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { onTestFinished } from 'vitest';
import { ERROR_CODE_TABLE } from '../src/twilio/error-codes/error-code-table.js';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';
import { ProviderError } from '../src/twilio/provider.error.js';
import { TwilioClient } from '../src/twilio/twilio.client.js';
import { encodeForm } from '../src/twilio/twilio.requests.js';
import { TwilioModule } from '../src/twilio/twilio.module.js';
import type { TwilioSettings } from '../src/twilio/twilio.settings.js';
import { startWire, type Script } from './twilio.wire.js';

export const ACCOUNT_SID = `AC${'0'.repeat(32)}`;
export const MESSAGE_SID = `SM${'1'.repeat(32)}`;
export const IDS = {
  attemptId: '01890a5d-ac96-774b-bcce-b302099a8057',
  deliveryId: '01890a5d-ac96-774b-bcce-b302099a8001',
};
export const MESSAGE = { To: '+15551230001', From: '+15005550006', Body: 'Your code is 493021' };
export const MESSAGE_FORM = encodeForm(MESSAGE);
/** What Twilio answers to a creation. */
export const CREATED = { sid: MESSAGE_SID, status: 'queued', error_code: null };

export interface StartedClient {
  readonly client: TwilioClient;
  readonly module: TestingModule;
}

/** The reviewed table, without an operator's overrides. */
@Global()
@Module({
  providers: [{ provide: ERROR_CODE_TABLE, useValue: TWILIO_ERROR_CODES }],
  exports: [ERROR_CODE_TABLE],
})
class CodesModule {}

/** The real module with its real pool, as the service wires it. */
export async function startClient(settings: Partial<TwilioSettings> & { baseUrl: string }): Promise<StartedClient> {
  const all = {
    accountSid: ACCOUNT_SID,
    authToken: 'token-of-the-account',
    apiKey: null,
    timeoutMs: 2000,
    connections: 8,
    ...settings,
  };
  const module = await Test.createTestingModule({
    imports: [CodesModule, TwilioModule.register({ useFactory: () => all })],
  }).compile();
  await module.init();
  return { client: module.get(TwilioClient), module };
}

/** A client of a server that does this; both end with the test. */
export async function startWired(script: Script, settings: Partial<TwilioSettings> = {}, path = '') {
  const wire = await startWire(script);
  onTestFinished(() => wire.close());
  const { client, module } = await startClient({ baseUrl: `${wire.url}${path}`, ...settings });
  onTestFinished(() => module.close());
  return { client, wire };
}

/** The ProviderError a promise ends in; anything else fails the test. */
export async function providerErrorOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof ProviderError) return error;
  throw error;
}
