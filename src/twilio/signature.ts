// Imports the file directly: the package's entry point loads the whole REST client and takes some 20 times as long.
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';

export interface SignedCallback {
  /** The callback URL given to Twilio: public scheme, host, path and query, without a fragment. */
  readonly url: string;
  /** Every decoded form field of the body, known or not. */
  readonly params: Readonly<Record<string, string | string[]>>;
  /** The X-Twilio-Signature header. */
  readonly signature: string | string[] | undefined;
}

/** Whether Twilio signed this. True if any of the tokens matches: during a rotation, two are valid. Never throws. */
export function isSignedByTwilio(callback: SignedCallback, authTokens: readonly string[]): boolean {
  const { url, params, signature } = callback;
  if (typeof signature !== 'string' || signature === '' || !URL.canParse(url)) return false;
  return authTokens.some((token) => token !== '' && validateRequest(token, signature, url, params));
}
