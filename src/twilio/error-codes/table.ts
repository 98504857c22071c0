/**
 * The meaning of every known Twilio code, defined only here. Used by the classification of failures and by the error
 * catalogue; what follows from a class is decided by the policy.
 */
import { ACCOUNT_AND_API_CODES } from './account-and-api.codes.js';
import { CONTENT_TEMPLATE_CODES } from './content-templates.codes.js';
import { CREDENTIALS_CODES } from './credentials.codes.js';
import { DELIVERY_RULE_CODES } from './delivery-rules.codes.js';
import { DELIVERY_CODES } from './delivery.codes.js';
import type { TwilioErrorCode, TwilioErrorCodeTable } from './error-code.js';
import { MESSAGING_API_CODES } from './messaging-api.codes.js';
import { MESSAGING_PARAMETER_CODES } from './messaging-parameters.codes.js';
import { MESSAGING_SENDER_CODES } from './messaging-senders.codes.js';
import { VOICE_CARRIER_CODES } from './voice-carriers.codes.js';
import { VOICE_TWIML_CODES } from './voice-twiml.codes.js';
import { VOICE_CODES } from './voice.codes.js';
import { WEBHOOK_CODES } from './webhooks.codes.js';
import { WHATSAPP_AND_CHANNEL_CODES } from './whatsapp-and-channels.codes.js';
import { WHATSAPP_SETUP_CODES } from './whatsapp-setup.codes.js';

/** The reviewed table, in ascending order of codes. */
export const TWILIO_ERROR_CODES: TwilioErrorCodeTable = tableOf([
  ...ACCOUNT_AND_API_CODES,
  ...CREDENTIALS_CODES,
  ...WEBHOOK_CODES,
  ...VOICE_CODES,
  ...VOICE_TWIML_CODES,
  ...VOICE_CARRIER_CODES,
  ...MESSAGING_API_CODES,
  ...MESSAGING_SENDER_CODES,
  ...MESSAGING_PARAMETER_CODES,
  ...CONTENT_TEMPLATE_CODES,
  ...DELIVERY_CODES,
  ...DELIVERY_RULE_CODES,
  ...WHATSAPP_AND_CHANNEL_CODES,
  ...WHATSAPP_SETUP_CODES,
]);

/** Two rows for one code would contradict each other silently, so they prevent the start instead. */
export function tableOf(rows: readonly TwilioErrorCode[]): TwilioErrorCodeTable {
  const table = new Map<number, TwilioErrorCode>();
  for (const row of rows.toSorted((a, b) => a.code - b.code)) {
    if (table.has(row.code)) {
      throw new Error(`Twilio error code ${row.code} has two rows in src/twilio/error-codes; keep one of them.`);
    }
    table.set(row.code, row);
  }
  return table;
}
