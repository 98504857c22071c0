// The file itself: the package's entry loads the whole REST client, some 20 times as long.
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';

export interface SignedCallback {
  /** What Twilio was given as callback: public scheme, host, path and query, without a fragment. */
  readonly url: string;
  /** Every decoded form field of the body, known or not. */
  readonly params: Readonly<Record<string, string | string[]>>;
  /** The X-Twilio-Signature header. */
  readonly signature: string | string[] | undefined;
}

/** Did Twilio sign this? True when any of the tokens matches: during a rotation two are valid. Never throws. */
export function isSignedByTwilio(callback: SignedCallback, authTokens: readonly string[]): boolean {
  const { url, params, signature } = callback;
  if (typeof signature !== 'string' || signature === '' || !URL.canParse(url)) return false;
  return authTokens.some((token) => token !== '' && validateRequest(token, signature, url, params));
}
