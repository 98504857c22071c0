/**
 * Access tokens (201xx) and Public Key Client Validation (2015x, 70052). The service signs in with an auth token or an
 * API key; these codes appear if a gateway in front of Twilio, or an account's setting, requires more.
 */
import { authentication, permission } from './rows-by-class.js';

const NO_ACCESS_TOKENS =
  'The service signs in with an API key or the auth token, never with an access token; something in between does.';
const PKCV_IS_ON = 'Public Key Client Validation is switched on for the account; the service does not sign requests.';

export const CREDENTIALS_CODES = [
  authentication(20101, 'Access token is invalid', {
    seenIn: 'api_response',
    action:
      "Operator: check what replaces the credentials on the way to Twilio, and let the service's own key through.",
    note: NO_ACCESS_TOKENS,
  }),
  authentication(20102, 'Access token header is invalid', {
    seenIn: 'api_response',
    action: 'Operator: have the gateway send a token whose header has typ JWT and cty twilio-fpa;v=1.',
    note: NO_ACCESS_TOKENS,
  }),
  authentication(20103, 'Access token issuer or subject is invalid', {
    seenIn: 'api_response',
    action: 'Operator: have the token issued by an API key (SK…) of the account (AC…) that it names.',
    note: NO_ACCESS_TOKENS,
  }),
  authentication(20104, 'Access token has expired', {
    seenIn: 'api_response',
    action: 'Operator: have the gateway mint a new token, at most 24 hours long.',
    note: NO_ACCESS_TOKENS,
  }),
  authentication(20105, 'Access token is not valid yet', {
    seenIn: 'api_response',
    action: "Operator: set the clock of the host that mints tokens; it runs ahead of Twilio's.",
    note: NO_ACCESS_TOKENS,
  }),
  permission(20106, 'Access token grants are invalid', {
    seenIn: 'api_response',
    scope: 'account',
    otherChannelHelps: 'no',
    action: "Operator: correct the grants of the token, or let the service's own API key through.",
    note: NO_ACCESS_TOKENS,
  }),
  authentication(20107, 'Access token signature is invalid', {
    seenIn: 'api_response',
    action: 'Operator: have tokens signed with the secret of the API key that they name.',
    note: NO_ACCESS_TOKENS,
  }),
  authentication(20151, 'Client validation failed', {
    seenIn: 'api_response',
    action: 'Operator: switch Public Key Client Validation off for this key, or use a standard API key.',
    note: PKCV_IS_ON,
  }),
  authentication(20152, 'Client validation header is invalid', {
    seenIn: 'api_response',
    action: 'Operator: correct the Twilio-Client-Validation header that the gateway adds, or use a standard API key.',
    note: PKCV_IS_ON,
  }),
  authentication(20153, 'Client validation issuer or subject is invalid', {
    seenIn: 'api_response',
    action:
      'Operator: have the gateway name the API key as issuer and the account as subject, or use a standard API key.',
    note: PKCV_IS_ON,
  }),
  authentication(20154, 'Client validation claims are invalid', {
    seenIn: 'api_response',
    action: 'Operator: correct the claims that the gateway signs, or use a standard API key.',
    note: PKCV_IS_ON,
  }),
  authentication(20156, 'Client validation token has expired', {
    seenIn: 'api_response',
    action: "Operator: set the gateway's clock and let it sign each request afresh, or use a standard API key.",
    note: PKCV_IS_ON,
  }),
  authentication(20159, 'Client validation signature is invalid', {
    seenIn: 'api_response',
    action: 'Operator: check that the gateway signs with the private half of the registered public key.',
    note: PKCV_IS_ON,
  }),
  authentication(20160, 'Client validation token is invalid', {
    seenIn: 'api_response',
    action: 'Operator: look at the token that the gateway adds, or use a standard API key without it.',
    note: PKCV_IS_ON,
  }),
  authentication(70004, 'Unauthorized', {
    seenIn: 'api_response',
    action: "Operator: check the API key and its secret, then close the account's circuit.",
  }),
  authentication(70052, 'Account demands client validation', {
    seenIn: 'api_response',
    action: 'Operator: give the service an API key, or an account, that does not require Public Key Client Validation.',
    note: PKCV_IS_ON,
  }),
];
