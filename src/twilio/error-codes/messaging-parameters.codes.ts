/**
 * Message parameters that callers never see: validity, retention, scheduling, link shortening, changes to sent
 * messages. The service sets or omits them itself, so most of these codes mean a mistake of ours.
 */
import { channelUnavailable, invalidRequest, notFound, providerFault, rateLimited } from './rows-by-class.js';
import { NEVER_SENT, SET_BY_SERVICE } from './shared-notes.js';

const OURS = { seenIn: 'unclear', responsible: 'operator', otherChannelHelps: 'no' } as const;

const HOLDS_SCHEDULED_WORK_ITSELF =
  "The service keeps scheduled notifications itself and never uses Twilio's scheduling.";
const SCHEDULING = {
  seenIn: 'api_response',
  responsible: 'operator',
  otherChannelHelps: 'no',
  note: HOLDS_SCHEDULED_WORK_ITSELF,
} as const;

export const MESSAGING_PARAMETER_CODES = [
  invalidRequest(30010, 'Price is above MaxPrice', {
    seenIn: 'status_callback',
    responsible: 'operator',
    otherChannelHelps: 'yes',
    action: 'Operator: remove the price limit from the Messaging Service; Twilio has retired it.',
    note: NEVER_SENT,
  }),
  invalidRequest(30012, 'Time to live is too short', {
    ...OURS,
    action: 'Operator: raise the validity period of the Messaging Service to more than 5 seconds.',
    note: SET_BY_SERVICE,
  }),
  invalidRequest(30013, 'Time to live is too long', {
    ...OURS,
    action: 'Operator: lower the validity period of the Messaging Service to 36000 seconds.',
    note: SET_BY_SERVICE,
  }),
  invalidRequest(30014, 'Attributes of To are invalid', {
    seenIn: 'unclear',
    otherChannelHelps: 'no',
    action: 'Caller: check the number in To and send again.',
  }),
  channelUnavailable(30015, 'Channel type is not supported', {
    seenIn: 'unclear',
    scope: 'sender',
    responsible: 'operator',
    action: "Operator: check that the channel's From setting is a sender of that channel.",
  }),
  invalidRequest(30016, 'To and From are of different channels', {
    ...OURS,
    scope: 'sender',
    otherChannelHelps: 'yes',
    action: 'Operator: check that TWILIO_WHATSAPP_FROM is a WhatsApp sender and TWILIO_SMS_FROM is not.',
    note: SET_BY_SERVICE,
  }),
  invalidRequest(30028, 'API version is invalid', {
    ...OURS,
    scope: 'account',
    action: 'Operator: check TWILIO_BASE_URL; the service speaks 2010-04-01.',
    note: SET_BY_SERVICE,
  }),
  invalidRequest(30029, 'ContentRetention is invalid', {
    ...OURS,
    action: "Operator: please report it with the attempt's id.",
    note: NEVER_SENT,
  }),
  invalidRequest(30030, 'AddressRetention is invalid', {
    ...OURS,
    action: "Operator: please report it with the attempt's id.",
    note: NEVER_SENT,
  }),
  invalidRequest(30031, 'MaxRate is invalid', {
    ...OURS,
    action: "Operator: please report it with the attempt's id; sending rates belong in SENDER_RATES.",
    note: NEVER_SENT,
  }),
  invalidRequest(30045, 'ValidityPeriod is out of range', {
    ...OURS,
    action: 'Operator: please report it; 1 to 36000 seconds are allowed. Nothing needs sending again.',
    note: `A warning: Twilio went on with its default. ${SET_BY_SERVICE}`,
  }),
  invalidRequest(90001, 'Message sid is invalid', {
    ...OURS,
    action: "Operator: please report it with the delivery's id; a message sid is SM or MM and 32 hexadecimal digits.",
    note: SET_BY_SERVICE,
  }),
  invalidRequest(90007, 'ValidityPeriod is invalid', {
    ...OURS,
    action: "Operator: please report it with the attempt's id; 1 to 36000 seconds are allowed.",
    note: SET_BY_SERVICE,
  }),
  invalidRequest(90009, 'Message sid exists already', {
    ...OURS,
    action: 'Operator: nothing to send again; Twilio numbers messages itself, so tell its support.',
    note: 'Twilio gives the sids.',
  }),
  invalidRequest(90014, 'ValidityPeriod is not a positive whole number', {
    ...OURS,
    action: "Operator: please report it with the attempt's id.",
    note: SET_BY_SERVICE,
  }),

  // Link shortening.
  providerFault(30103, 'Links could not be shortened', {
    seenIn: 'unclear',
    action:
      'Nobody: Twilio failed to shorten links. Operator: set ContinueOnFailure for the domain, so that messages go out with long links.',
  }),
  invalidRequest(30109, 'Callback URL of link shortening is invalid', {
    ...OURS,
    action: 'Operator: correct the click-tracking callback of the shortening domain in the Console.',
    note: 'Link shortening is set up at Twilio, not in the service.',
  }),

  // Scheduling, canceling, redacting.
  invalidRequest(30400, 'Change of a message is invalid', {
    ...OURS,
    action: 'Operator: cancel and redact a message in two requests, not in one.',
    note: 'The service never changes a message it has sent.',
  }),
  notFound(30404, 'Messaging resource was not found', {
    seenIn: 'unclear',
    scope: 'account',
    responsible: 'operator',
    action: 'Operator: check TWILIO_BASE_URL, TWILIO_ACCOUNT_SID and the Messaging Service sid.',
    note: SET_BY_SERVICE,
  }),
  invalidRequest(30409, 'Message can no longer be canceled', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: nothing to do; the message was sent before the cancellation came.',
    note: HOLDS_SCHEDULED_WORK_ITSELF,
  }),
  invalidRequest(35111, 'SendAt is missing', {
    ...SCHEDULING,
    action: "Operator: please report it with the attempt's id.",
  }),
  invalidRequest(35114, 'SendAt is outside the allowed time', {
    ...SCHEDULING,
    action: 'Operator: please report it; Twilio takes 5 minutes to 35 days ahead.',
  }),
  invalidRequest(35115, 'SendAt is outside the allowed time', {
    ...SCHEDULING,
    action: 'Operator: please report it; Twilio takes 5 minutes to 35 days ahead.',
  }),
  invalidRequest(35117, 'SendAt is not supported', {
    ...SCHEDULING,
    action: "Operator: please report it with the attempt's id; SendAt is ISO 8601 in UTC.",
  }),
  invalidRequest(35118, 'Scheduling needs a Messaging Service', {
    ...SCHEDULING,
    action: "Operator: please report it with the attempt's id.",
  }),
  rateLimited(35125, 'Too many scheduled messages', {
    seenIn: 'api_response',
    scope: 'account',
    responsible: 'operator',
    action: 'Operator: see what else schedules messages with this account; Twilio keeps at most 500,000 of them.',
    note: `${HOLDS_SCHEDULED_WORK_ITSELF} Immediate messages are not bound by it, so it is no exhausted quota.`,
  }),
  invalidRequest(35126, 'ScheduleType is not supported', {
    ...SCHEDULING,
    action: "Operator: please report it with the attempt's id; Twilio knows only fixed.",
  }),
];
