/** Creating calls: what the Calls resource refuses, and how many calls an account may make. */
import { invalidRequest, notFound, permission, rateLimited, recipientUnreachable } from './rows-by-class.js';
import {
  NEVER_SENT,
  SENDER_IS_CONFIGURATION,
  SETUP_ONLY,
  SET_BY_SERVICE,
  TRIAL_ONLY,
  TRIED_AGAIN,
} from './shared-notes.js';

export const VOICE_CODES = [
  // How many calls, and whether any.
  rateLimited(10004, 'Too many calls at once', {
    seenIn: 'unclear',
    action: `Nobody: the service slows down; ${TRIED_AGAIN} Operator: ask Twilio for more concurrent calls, or upgrade a trial account.`,
    note: "The limit is the account's, but it binds only calls.",
  }),
  permission(10005, 'Voice is disabled on the account', {
    seenIn: 'unclear',
    scope: 'sender',
    otherChannelHelps: 'yes',
    action:
      'Operator: ask Twilio support to enable voice; messages still go out, so give notifications another channel meanwhile.',
  }),
  rateLimited(22001, "Call waited too long in Twilio's queue", {
    seenIn: 'unclear',
    action: `Nobody: the service slows down; ${TRIED_AGAIN} Operator: set SENDER_RATES to the account's calls per second, or ask Twilio for more.`,
    note: 'The call was never placed.',
  }),
  rateLimited(22005, 'Call queue holds more than a day of calls', {
    seenIn: 'api_response',
    action:
      'Operator: set SENDER_RATES for the voice sender, look for a caller in a loop, or ask Twilio for more calls per second.',
    note: 'One call per second unless Twilio raised it; the queue is refused beyond 24 hours.',
  }),

  // To.
  invalidRequest(21201, 'Call has no To', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: "Operator: please report it with the attempt's id.",
    note: SET_BY_SERVICE,
  }),
  recipientUnreachable(21202, 'To is a premium number', {
    seenIn: 'api_response',
    sameChannelAgain: 'never',
    otherChannelHelps: 'no',
    action: 'Caller: ask the recipient for an ordinary phone number; Twilio never calls premium numbers.',
    note: 'Not `permission`: no setting of the operator changes it, only another number does.',
  }),
  permission(21203, 'International calls are off', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action:
      'Operator: allow the country under Voice Geographic Permissions in the Console, then retry from the review queue.',
    note: 'Messages have permissions of their own.',
  }),
  recipientUnreachable(21214, 'To cannot be reached by phone', {
    seenIn: 'api_response',
    sameChannelAgain: 'never',
    otherChannelHelps: 'yes',
    action: 'Caller: check the number with the recipient; a message may still arrive.',
  }),
  permission(21215, 'Calls to this country are not permitted', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action:
      'Operator: allow the country, and its high-risk ranges if need be, under Voice Geographic Permissions in the Console.',
    note: 'Messages have permissions of their own.',
  }),
  permission(21216, 'Twilio blocks calls to this number', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action:
      'Operator: for +1 numbers create a Primary Customer Profile in the Trust Hub; else ask Twilio support to lift the block.',
    note: 'Fraud risk of calls or regulation; the block is on calls only.',
  }),
  recipientUnreachable(21217, 'To is not a valid phone number', {
    seenIn: 'api_response',
    sameChannelAgain: 'never',
    otherChannelHelps: 'no',
    action: 'Caller: correct the number in E.164 form, such as +15551230001, and send again.',
    note: 'The same finding as 21211, from the Calls resource: no channel reaches a number that does not exist.',
  }),
  permission(21219, 'To is not verified (trial, calls)', {
    seenIn: 'api_response',
    scope: 'recipient',
    otherChannelHelps: 'no',
    action: 'Operator: verify the number in the Console or upgrade the trial account.',
    note: `${TRIAL_ONLY} Messages need the same verification.`,
  }),

  // From.
  permission(21210, 'From is neither verified nor owned', {
    seenIn: 'api_response',
    scope: 'sender',
    otherChannelHelps: 'yes',
    action: 'Operator: set TWILIO_VOICE_FROM to a number of the account, or verify it as a caller id in the Console.',
  }),
  invalidRequest(21213, 'Call has no From', {
    seenIn: 'api_response',
    scope: 'sender',
    responsible: 'operator',
    otherChannelHelps: 'yes',
    action: 'Operator: set TWILIO_VOICE_FROM.',
    note: SENDER_IS_CONFIGURATION,
  }),
  permission(21226, 'SIP calls are not enabled', {
    seenIn: 'api_response',
    scope: 'sender',
    otherChannelHelps: 'yes',
    action: 'Operator: set TWILIO_VOICE_FROM to a phone number, or have SIP calling enabled.',
  }),
  permission(21264, 'From is not verified', {
    seenIn: 'api_response',
    scope: 'sender',
    otherChannelHelps: 'yes',
    action: 'Operator: verify the From number in the Console, or use a number of the account.',
  }),

  // What is said, and the rest of the request.
  invalidRequest(21200, 'Call request is invalid', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action: 'Caller: read providerMessage and correct the voice part of the request; another channel is unaffected.',
  }),
  invalidRequest(21204, 'Call was already started', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: "Operator: please report it with the attempt's id; the call is under way, so nothing needs sending again.",
    note: SET_BY_SERVICE,
  }),
  invalidRequest(21205, 'Call URL is invalid', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action: 'Caller: make voice.url a whole public https URL, or use voice.say instead.',
  }),
  invalidRequest(21206, 'SendDigits is invalid', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'yes',
    action: "Operator: please report it with the attempt's id.",
    note: NEVER_SENT,
  }),
  invalidRequest(21208, 'Ring time-out is invalid', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'yes',
    action: "Operator: please report it with the attempt's id; Timeout is a whole number of seconds.",
    note: SET_BY_SERVICE,
  }),
  invalidRequest(21209, 'Call method is invalid', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'yes',
    action: "Operator: please report it with the attempt's id; Method is GET or POST.",
    note: SET_BY_SERVICE,
  }),
  notFound(21218, 'ApplicationSid is invalid', {
    seenIn: 'api_response',
    responsible: 'operator',
    action: 'Operator: name an application that this account owns.',
    note: NEVER_SENT,
  }),
  invalidRequest(21220, 'Call is in the wrong state for this change', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: nothing to send again; only a call in progress can be changed.',
    note: 'The service never changes a running call.',
  }),
  invalidRequest(21234, 'Answering machine detection value is invalid', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'yes',
    action: "Operator: please report it with the attempt's id; MachineDetection is Enable or DetectMessageEnd.",
    note: NEVER_SENT,
  }),
  invalidRequest(21262, 'Answering machine detection has no callback', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: nothing to send again; the call went out and only its detection result is not called back.',
    note: `A warning. ${NEVER_SENT}`,
  }),
  invalidRequest(21263, 'Answering machine detection parameters do not fit', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: 'Caller: leave asynchronous detection out of the <Dial> in voice.twiml.',
    note: 'A warning: the call itself goes on.',
  }),
  invalidRequest(21421, 'Phone number or its sid is invalid', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: correct the number that is bought, looked up or added to a Messaging Service.',
    note: SETUP_ONLY,
  }),
  invalidRequest(21626, 'StatusCallbackEvent is invalid', {
    seenIn: 'api_response',
    scope: 'sender',
    responsible: 'operator',
    otherChannelHelps: 'yes',
    action: 'Operator: please report it; the service asks for initiated, ringing, answered and completed.',
    note: SET_BY_SERVICE,
  }),
];
