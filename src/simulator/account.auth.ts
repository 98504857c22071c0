import type { FastifyRequest } from 'fastify';
import { pathOf } from './request.reading.js';
import type { SimulatorOptions } from './simulator.options.js';
import { TwilioError } from './twilio-error.js';

/**
 * Creates the check for every API request: the account's credentials or its API key, and its sid in the path.
 * @returns a function that throws TwilioError 20003 (401) or 20404 (404)
 */
export function accountCheck(options: SimulatorOptions): (request: FastifyRequest) => void {
  const accepted = new Set([
    basic(options.accountSid, options.authToken),
    basic(options.apiKeySid, options.apiKeySecret),
  ]);
  const accountPath = `/2010-04-01/Accounts/${options.accountSid}/`;
  return (request) => {
    if (!accepted.has(request.headers.authorization ?? '')) throw new TwilioError(20003);
    if (!request.url.startsWith(accountPath)) throw new TwilioError(20404, { resource: pathOf(request) });
  };
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
