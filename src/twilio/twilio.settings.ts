/** Where Twilio is called, and with which credentials. The values come from the environment, which is not read here. */
export interface TwilioSettings {
  /** AC…, part of every path, whichever credentials are used. */
  readonly accountSid: string;
  /** The password if there is no API key; in any case the token with which Twilio signs its callbacks. */
  readonly authToken: string;
  /** SK… and its secret, used instead of account sid and token. */
  readonly apiKey: { readonly sid: string; readonly secret: string } | null;
  /** A server with Twilio's 2010-04-01 paths, optionally below a path prefix. */
  readonly baseUrl: string;
  /** Total deadline of one request in milliseconds: connection, headers and body. */
  readonly timeoutMs: number;
  /** Maximum number of open connections: as many as attempts in flight. */
  readonly connections: number;
}

/** Injection token of {@link TwilioSettings}. */
export const TWILIO_SETTINGS = Symbol('TWILIO_SETTINGS');

/** The Authorization header: the API key if there is one, else the account's own credentials. */
export function basicAuthorization({ accountSid, authToken, apiKey }: TwilioSettings): string {
  const pair = apiKey ? `${apiKey.sid}:${apiKey.secret}` : `${accountSid}:${authToken}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
