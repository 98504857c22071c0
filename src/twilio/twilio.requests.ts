import { stringify } from 'node:querystring';

/** Twilio's form fields of POST Messages.json, by Twilio's names. What a message needs is not decided here. */
export type MessageRequest = {
  /** E.164, or `whatsapp:` and E.164. */
  readonly To: string;
  readonly From?: string;
  readonly MessagingServiceSid?: string;
  readonly Body?: string;
  readonly MediaUrl?: readonly string[];
  readonly ContentSid?: string;
  /** A JSON object in a string. */
  readonly ContentVariables?: string;
  readonly StatusCallback?: string;
  /** How long Twilio may hold the message, in seconds, 1 to 36000. */
  readonly ValidityPeriod?: number;
};

/** Twilio's form fields of POST Calls.json; `Twiml` or `Url` determines what the call says. */
export type CallRequest = {
  readonly To: string;
  readonly From: string;
  readonly Twiml?: string;
  readonly Url?: string;
  readonly Method?: 'GET' | 'POST';
  readonly StatusCallback?: string;
  readonly StatusCallbackEvent?: readonly ('initiated' | 'ringing' | 'answered' | 'completed')[];
  /** How long to let it ring, in seconds. */
  readonly Timeout?: number;
};

type FormValue = string | number | readonly string[];

type FormFields = Readonly<Record<string, FormValue | undefined>>;

/**
 * Encodes as application/x-www-form-urlencoded: fields in the given order, a list as a repeated name, undefined left
 * out. A space becomes %20, as in Twilio's own library; querystring takes half the time of URLSearchParams, which would
 * write a plus.
 * @throws URIError for a text with an unpaired surrogate
 */
export function encodeForm(fields: FormFields): string {
  const given: Record<string, FormValue> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) given[name] = value;
  return stringify(given);
}
