/** Where and as whom Twilio is called. Its values come from the environment; it reads none itself. */
export interface TwilioSettings {
  /** AC…, part of every path, whoever signs in. */
  readonly accountSid: string;
  /** Signs in when there is no API key; always what Twilio signs its callbacks with. */
  readonly authToken: string;
  /** SK…; together with its secret it signs in instead of account sid and token. */
  readonly apiKeySid?: string;
  readonly apiKeySecret?: string;
  /** A server with Twilio's 2010-04-01 paths, with or without a path prefix. */
  readonly baseUrl: string;
  /** Total deadline of one request in milliseconds: connection, headers and body. */
  readonly timeoutMs: number;
  /** Connections that are open at most: as many as attempts in flight. */
  readonly connections: number;
}

/** Injection token of {@link TwilioSettings}. */
export const TWILIO_SETTINGS = Symbol('TWILIO_SETTINGS');

/** The Authorization header: the API key where there is one, else the account itself. */
export function basicAuthorization(settings: TwilioSettings): string {
  const { accountSid, authToken, apiKeySid, apiKeySecret } = settings;
  const pair = apiKeySid && apiKeySecret ? `${apiKeySid}:${apiKeySecret}` : `${accountSid}:${authToken}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
