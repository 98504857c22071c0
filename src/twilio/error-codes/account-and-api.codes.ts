/** The account's standing, and what Twilio's API gateway answers regardless of the request. */
import { authentication, invalidRequest, notFound, permission, providerFault, rateLimited } from './rows-by-class.js';
import {
  INBOUND_ONLY,
  NEVER_SENT,
  OUT_OF_FUNDS_OR_SUSPENDED,
  SETUP_ONLY,
  SET_BY_SERVICE,
  TRIAL_ONLY,
  TRIED_AGAIN,
} from './shared-notes.js';

export const ACCOUNT_AND_API_CODES = [
  // Plain HTTP statuses that parts of Twilio also use as the code.
  invalidRequest(400, 'Bad request', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: 'Caller: read providerMessage, correct what it names and send again.',
  }),
  permission(403, 'Forbidden', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: 'Operator: check in the Console that the account and the API key may use this resource.',
  }),
  notFound(404, 'Not found', {
    seenIn: 'api_response',
    action: 'Caller: check the sids in the request. Operator: check TWILIO_ACCOUNT_SID and TWILIO_BASE_URL.',
  }),
  providerFault(503, 'Internal error', {
    seenIn: 'api_response',
    action:
      "Nobody: the service finds out whether it was accepted and tries again. Operator: watch Twilio's status page if it lasts.",
    note: 'The request may have been accepted: reconcile before anything is sent again.',
  }),

  // The account's standing.
  authentication(10001, 'Account is inactive', {
    seenIn: 'api_response',
    action:
      "Operator: top up the balance or settle the suspension with Twilio support, then close the account's circuit.",
    note: OUT_OF_FUNDS_OR_SUSPENDED,
  }),
  permission(10002, 'Feature not available on a trial account', {
    seenIn: 'api_response',
    scope: 'sender',
    otherChannelHelps: 'no',
    action: 'Operator: upgrade the account in the Console, then retry from the review queue.',
    note: TRIAL_ONLY,
  }),
  authentication(10003, 'Incoming call rejected, account is inactive', {
    seenIn: 'unclear',
    action: 'Operator: top up the balance or settle the suspension with Twilio support; sends will fail as well.',
    note: `${INBOUND_ONLY} It says that the account is inactive, so it is treated as 10001.`,
  }),
  authentication(20003, 'Authentication failed', {
    seenIn: 'api_response',
    action:
      "Operator: check TWILIO_ACCOUNT_SID with its token or API key, the key's region and that the account is active; then close the account's circuit. If providerMessage names a compliance profile, no key is wrong: have the profile approved in the Trust Hub first.",
    note: 'Also the answer to a deleted key, a key of another region, a suspended or closed account and, on new accounts, a compliance profile that is not approved.',
  }),
  authentication(20005, 'Account is not active', {
    seenIn: 'api_response',
    action: "Operator: top up the balance or activate the account in the Console, then close the account's circuit.",
    note: OUT_OF_FUNDS_OR_SUSPENDED,
  }),
  permission(20006, 'Access denied', {
    seenIn: 'api_response',
    scope: 'account',
    otherChannelHelps: 'no',
    action: 'Operator: give the API key the right to create messages and calls, or use another key.',
  }),
  permission(20008, 'Test credentials cannot use this resource', {
    seenIn: 'api_response',
    scope: 'account',
    otherChannelHelps: 'no',
    action: 'Operator: put live credentials in place of the test credentials.',
  }),
  permission(20010, 'Action is disabled for the account', {
    seenIn: 'api_response',
    scope: 'account',
    otherChannelHelps: 'no',
    action: 'Operator: ask Twilio support why the action is disabled and have it enabled.',
  }),
  permission(20403, 'Forbidden for this account', {
    seenIn: 'api_response',
    scope: 'account',
    otherChannelHelps: 'no',
    action:
      'Operator: check in the Console whether the account is suspended or closed, then whether the API key may do this.',
    note: 'Twilio names a suspended or closed account as the usual cause. Not held like 20005, since a 403 may concern one resource only.',
  }),
  invalidRequest(21470, 'Account sid is invalid', {
    seenIn: 'api_response',
    scope: 'account',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: correct TWILIO_ACCOUNT_SID; it is AC and 32 hexadecimal digits, not the SK… of a key.',
    note: "Answers set-up work, and also a send with another sid than an account's in its path.",
  }),
  notFound(21471, 'Account does not exist', {
    seenIn: 'api_response',
    scope: 'account',
    responsible: 'operator',
    action: 'Operator: correct the account sid that was given.',
    note: SETUP_ONLY,
  }),
  permission(21472, 'Target account is not active', {
    seenIn: 'api_response',
    scope: 'account',
    otherChannelHelps: 'no',
    action: 'Operator: reactivate the account that numbers are moved to.',
    note: SETUP_ONLY,
  }),
  authentication(90010, 'Account is not active', {
    seenIn: 'unclear',
    action: "Operator: top up the balance or reactivate the account in the Console, then close the account's circuit.",
    note: OUT_OF_FUNDS_OR_SUSPENDED,
  }),

  // The form of a request.
  invalidRequest(20001, 'Unknown parameter', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action:
      'Operator: read providerMessage; seen with a bad PUBLIC_URL in StatusCallback. Please report it if that is right.',
    note: SET_BY_SERVICE,
  }),
  invalidRequest(20002, 'FriendlyName is invalid', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: use a name of 1 to 64 characters.',
    note: SETUP_ONLY,
  }),
  invalidRequest(20004, 'Method is not allowed', {
    seenIn: 'api_response',
    scope: 'account',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: check that TWILIO_BASE_URL is the API itself and not a proxy that changes requests.',
    note: SET_BY_SERVICE,
  }),
  invalidRequest(20007, 'Page size is too large', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: "Operator: please report it with the attempt's id; Twilio allows 1000 items a page.",
    note: `${SET_BY_SERVICE} Only lists, which reconciliation reads.`,
  }),
  invalidRequest(20009, 'Resource cannot be deleted yet', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: wait some minutes after the message or call has ended, then delete it.',
    note: 'Deletions only; the service deletes nothing at Twilio.',
  }),
  invalidRequest(20011, 'TLS version is refused', {
    seenIn: 'api_response',
    scope: 'account',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: let the service reach Twilio with TLS 1.2 or newer; a proxy in between may hold it back.',
    note: SET_BY_SERVICE,
  }),
  invalidRequest(20012, 'TLS cipher suite is refused', {
    seenIn: 'api_response',
    scope: 'account',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: allow a current TLS cipher suite, on the host and in any proxy in between.',
    note: SET_BY_SERVICE,
  }),
  notFound(20404, 'Resource was not found', {
    seenIn: 'api_response',
    action:
      'Operator: check TWILIO_ACCOUNT_SID and TWILIO_BASE_URL: the address that the service posted to does not exist for this account. Caller: check the contentSid, if the request has one.',
  }),
  invalidRequest(20409, 'Conflict with the state of the resource', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: 'Caller: read providerMessage and retry from the review queue once the resource is ready.',
  }),
  notFound(20410, 'API no longer exists', {
    seenIn: 'api_response',
    scope: 'account',
    responsible: 'operator',
    action: 'Operator: check TWILIO_BASE_URL; it must serve the 2010-04-01 Messages and Calls resources.',
    note: SET_BY_SERVICE,
  }),
  invalidRequest(20413, 'Request is too large', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: 'Caller: shorten the body or the content variables and send again.',
  }),
  invalidRequest(20422, 'Parameter is invalid', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: 'Caller: read which parameter providerMessage names, correct it and send again.',
  }),
  invalidRequest(20423, 'Sid is invalid', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: 'Caller: check the contentSid; it is HX and 32 hexadecimal digits.',
  }),
  invalidRequest(20426, 'Protocol upgrade required', {
    seenIn: 'api_response',
    scope: 'account',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: check for a proxy in between that lowers the HTTP or TLS version.',
    note: SET_BY_SERVICE,
  }),
  invalidRequest(21402, 'URL is invalid', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: give a whole URL that begins with https://.',
    note: SETUP_ONLY,
  }),
  invalidRequest(21403, 'HTTP method is invalid', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: use GET or POST.',
    note: SETUP_ONLY,
  }),
  notFound(21420, 'ApplicationSid is not accessible', {
    seenIn: 'api_response',
    responsible: 'operator',
    action: 'Operator: name an application that this account owns.',
    note: NEVER_SENT,
  }),
  invalidRequest(21481, 'PageToken is invalid', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: "Operator: please report it with the attempt's id if it repeats; a list was read with a stale page.",
    note: `${SET_BY_SERVICE} Only lists, which reconciliation reads.`,
  }),
  invalidRequest(70001, 'Validation failed', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: 'Caller: read providerMessage, correct what it names and send again.',
  }),
  invalidRequest(70002, 'Bad request', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: 'Caller: read providerMessage and correct the request before it is sent again.',
  }),
  permission(70051, 'Authorization failed', {
    seenIn: 'api_response',
    scope: 'account',
    otherChannelHelps: 'no',
    action:
      'Operator: check that the API key exists, is of TWILIO_ACCOUNT_SID and, if it is restricted, may create messages and calls; then that the account is not suspended.',
    note: 'With HTTP 401 to a send it is treated as 20003, which holds everything: Twilio gives it for a deleted key and a key of another account as well as for a missing right.',
  }),

  // Load and faults of the API itself.
  rateLimited(20429, 'Too many concurrent API requests', {
    seenIn: 'api_response',
    scope: 'account',
    action:
      'Nobody: the service slows down and tries again. Operator: retry what was given up from the review queue; lower DISPATCH_CONCURRENCY if it stays.',
    note: 'Documented: a request answered so was never processed, so a resend cannot duplicate.',
  }),
  rateLimited(70005, 'Too many failing requests', {
    seenIn: 'api_response',
    scope: 'account',
    action:
      'Operator: find what keeps asking for a deleted or invalid resource, such as an old key or sid, and stop it.',
  }),
  providerFault(20500, 'Internal error or time-out of the API', {
    seenIn: 'api_response',
    action:
      "Nobody: the service finds out whether it was accepted and tries again. Operator: watch Twilio's status page if it lasts.",
    note: 'Documented as not idempotent for messages and calls: the first request may have reached the recipient.',
  }),
  providerFault(20503, 'API is unavailable', {
    seenIn: 'api_response',
    action: 'Nobody: the service finds out whether it was accepted and tries again with growing waits.',
    note: 'Twilio asks for backoff but does not promise that nothing was processed.',
  }),
  providerFault(20504, 'Internal error while processing the message', {
    seenIn: 'unclear',
    action: `Nobody: ${TRIED_AGAIN} Operator: give Twilio support the message sid if it fails twice.`,
  }),
  providerFault(21730, 'Twilio is under maintenance', {
    seenIn: 'api_response',
    scope: 'account',
    action: 'Nobody: the service tries again. Operator: the status page says how long the maintenance takes.',
  }),
];
