/** From and the Messaging Service: the operator's senders. Another channel has its own sender, so it mostly helps. */
import { channelUnavailable, invalidRequest, permission, rateLimited } from './rows-by-class.js';
import { SENDER_IS_CONFIGURATION, SETUP_ONLY, SET_BY_SERVICE, TRIAL_ONLY } from './shared-notes.js';

const BAD_SENDER = {
  seenIn: 'api_response',
  scope: 'sender',
  responsible: 'operator',
  otherChannelHelps: 'yes',
  note: SENDER_IS_CONFIGURATION,
} as const;

export const MESSAGING_SENDER_CODES = [
  invalidRequest(21212, 'From is invalid', {
    ...BAD_SENDER,
    action:
      "Operator: correct the channel's From setting; it is an E.164 number or a sender name that is not too generic.",
  }),
  permission(21267, 'Sender name is not allowed on a trial account', {
    seenIn: 'api_response',
    scope: 'sender',
    otherChannelHelps: 'yes',
    action: 'Operator: set TWILIO_SMS_FROM to a phone number, or upgrade the trial account.',
    note: TRIAL_ONLY,
  }),
  invalidRequest(21401, 'From can send no SMS', {
    ...BAD_SENDER,
    action:
      'Operator: set TWILIO_SMS_FROM to an SMS number of the account, or to a sender name that the country allows.',
  }),
  invalidRequest(21407, 'Number type cannot do SMS', {
    ...BAD_SENDER,
    action: 'Operator: set TWILIO_SMS_FROM to a number with SMS capability.',
  }),
  invalidRequest(21601, 'From is not an SMS number of the account', {
    ...BAD_SENDER,
    action: 'Operator: set TWILIO_SMS_FROM to a number bought from Twilio; a verified caller id cannot send messages.',
  }),
  invalidRequest(21603, 'Message has neither From nor Messaging Service', {
    ...BAD_SENDER,
    action: 'Operator: set TWILIO_SMS_FROM or TWILIO_WHATSAPP_FROM.',
  }),
  invalidRequest(21606, 'From cannot send messages to this destination', {
    ...BAD_SENDER,
    seenIn: 'both',
    action:
      'Operator: check in the Console that the account owns From, that it can do SMS and that it reaches the country.',
  }),
  permission(21607, 'Trial must send from the trial number', {
    seenIn: 'api_response',
    scope: 'sender',
    otherChannelHelps: 'yes',
    action: 'Operator: set TWILIO_SMS_FROM to the trial number, or upgrade the account.',
    note: TRIAL_ONLY,
  }),
  rateLimited(21611, 'Queue of the sender is full', {
    seenIn: 'api_response',
    action:
      'Nobody: the service slows this sender down and tries again. Operator: set SENDER_RATES, or spread the load over a Messaging Service.',
    note: 'More than ten hours of segments wait at Twilio. With a Messaging Service it shows up later, as 30001.',
  }),
  invalidRequest(21616, 'From matches several numbers', {
    ...BAD_SENDER,
    action: 'Operator: write the From setting in full E.164 form.',
  }),
  channelUnavailable(21621, 'From cannot send MMS', {
    seenIn: 'api_response',
    responsible: 'operator',
    action: 'Operator: use a sender with MMS capability. Caller: send without mediaUrls meanwhile.',
    note: 'Only messages with media fail, so it is not sender-wide.',
  }),
  permission(21622, 'MMS is not enabled for the account', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action: 'Operator: ask Twilio support to enable MMS. Caller: send without mediaUrls meanwhile.',
  }),
  invalidRequest(21657, 'Sender id is not supported at this destination', {
    ...BAD_SENDER,
    action: "Operator: read Twilio's SMS guidelines of the country and use a sender that it supports.",
  }),
  invalidRequest(21659, 'From is not a Twilio number, or a short code of another country', {
    ...BAD_SENDER,
    action: 'Operator: set From to a number of the account; a short code serves its own country only.',
  }),
  permission(21660, 'From belongs to another account', {
    seenIn: 'api_response',
    scope: 'sender',
    otherChannelHelps: 'yes',
    action: 'Operator: use the credentials of the account, or subaccount, that owns the number.',
  }),
  invalidRequest(21661, 'From cannot do SMS', {
    ...BAD_SENDER,
    action: 'Operator: use a number whose capabilities in the Console include SMS.',
  }),
  invalidRequest(21662, "From and To do not go together in Twilio's Ireland region", {
    ...BAD_SENDER,
    scope: 'message',
    action: 'Operator: use a sender that reaches this country from Ireland (IE1), or send through the default region.',
    note: 'Depends on the recipient, so it is not sender-wide.',
  }),
  invalidRequest(21663, "From is set to another of Twilio's regions", {
    ...BAD_SENDER,
    action:
      "Operator: set the number's region in the Console to the one that TWILIO_BASE_URL calls, or call the number's region with a key of that region.",
  }),
  invalidRequest(21668, "From is of a type that Twilio's Ireland region does not send from", {
    ...BAD_SENDER,
    action: 'Operator: use a number of another type, or send through the default region.',
  }),
  invalidRequest(21669, 'Number and Messaging Service are in different regions', {
    ...BAD_SENDER,
    otherChannelHelps: 'no',
    action: 'Operator: move the number or the Messaging Service so that both are in one Twilio region.',
    note: SETUP_ONLY,
  }),

  // Messaging Services.
  channelUnavailable(21701, 'Messaging Service does not exist', {
    seenIn: 'api_response',
    scope: 'sender',
    responsible: 'operator',
    action:
      "Operator: correct the Messaging Service sid (MG…) in the channel's From setting; it must be of this account.",
    note: 'Not `not_found`: the channel is out of order until the setting is corrected, and another channel helps at once.',
  }),
  channelUnavailable(21702, 'Messaging Service is unavailable', {
    seenIn: 'api_response',
    scope: 'sender',
    responsible: 'operator',
    action: 'Operator: look at the Messaging Service in the Console and have it enabled, or set From to a number.',
  }),
  channelUnavailable(21703, 'Messaging Service has no sender for this recipient', {
    seenIn: 'both',
    responsible: 'operator',
    action:
      "Operator: add a sender to the Messaging Service that reaches the recipient's country and can carry the content.",
    note: 'Depends on the recipient and the content, so it is not sender-wide.',
  }),
  channelUnavailable(21704, 'Messaging Service has no senders', {
    seenIn: 'both',
    scope: 'sender',
    responsible: 'operator',
    action: 'Operator: add at least one number, short code or sender name to the Messaging Service.',
  }),
  invalidRequest(21705, 'Messaging Service sid is invalid', {
    ...BAD_SENDER,
    action: 'Operator: correct the Messaging Service sid; it is MG and 32 hexadecimal digits.',
  }),
  invalidRequest(21708, 'Sender name is missing', {
    ...BAD_SENDER,
    action: 'Operator: add a sender name to the Messaging Service, or use a number.',
  }),
  invalidRequest(21709, 'Sender name is not authorized for the Messaging Service', {
    ...BAD_SENDER,
    action: 'Operator: enable sender names for the Messaging Service; 11 letters or digits, not digits alone.',
  }),
  invalidRequest(21711, 'Sender is not in this Messaging Service', {
    ...BAD_SENDER,
    action: 'Operator: add the sender to the Messaging Service, or set From to the service it is in.',
  }),
  invalidRequest(21712, 'Sender belongs to another Messaging Service', {
    ...BAD_SENDER,
    action: 'Operator: take the sender out of the other Messaging Service first.',
  }),
  invalidRequest(21910, 'From and To are of different channels', {
    ...BAD_SENDER,
    action: 'Operator: check that TWILIO_WHATSAPP_FROM is a WhatsApp sender and TWILIO_SMS_FROM is not.',
    note: `${SET_BY_SERVICE} WhatsApp needs the whatsapp: prefix on both sides.`,
  }),
];
