/** How a call ended on its way: the callee, the carriers, SIP. Seen in call logs and insights rather than callbacks. */
import { invalidRequest, permission, providerFault, rateLimited, recipientUnreachable } from './rows-by-class.js';
import { SENDER_IS_CONFIGURATION, SIP_ONLY, TRIAL_ONLY, TRIED_AGAIN } from './shared-notes.js';

export const VOICE_CARRIER_CODES = [
  // The callee.
  recipientUnreachable(31404, 'Callee was not found', {
    seenIn: 'unclear',
    sameChannelAgain: 'never',
    otherChannelHelps: 'yes',
    action: 'Caller: check the number with the recipient; a message may still arrive.',
  }),
  recipientUnreachable(31408, 'Callee did not respond in time', {
    seenIn: 'unclear',
    sameChannelAgain: 'backoff',
    otherChannelHelps: 'yes',
    action: `Nobody: ${TRIED_AGAIN}`,
  }),
  recipientUnreachable(31480, 'Callee is unavailable for now', {
    seenIn: 'unclear',
    sameChannelAgain: 'backoff',
    otherChannelHelps: 'yes',
    action: `Nobody: ${TRIED_AGAIN}`,
  }),
  recipientUnreachable(31484, 'Number is incomplete', {
    seenIn: 'unclear',
    sameChannelAgain: 'never',
    otherChannelHelps: 'no',
    action: 'Caller: complete the number in E.164 form; digits are missing.',
  }),
  recipientUnreachable(31486, 'Line is busy', {
    seenIn: 'unclear',
    sameChannelAgain: 'backoff',
    otherChannelHelps: 'yes',
    action: `Nobody: the recipient is on the phone; ${TRIED_AGAIN}`,
  }),
  recipientUnreachable(31600, 'Every line of the callee is busy', {
    seenIn: 'unclear',
    sameChannelAgain: 'backoff',
    otherChannelHelps: 'yes',
    action: `Nobody: ${TRIED_AGAIN}`,
  }),
  recipientUnreachable(31603, 'Callee declined the call', {
    seenIn: 'unclear',
    sameChannelAgain: 'never',
    otherChannelHelps: 'yes',
    action: 'Nobody: the recipient did not want to answer, so the next channel is used instead of another call.',
  }),
  recipientUnreachable(31604, 'Callee exists nowhere', {
    seenIn: 'unclear',
    sameChannelAgain: 'never',
    otherChannelHelps: 'yes',
    action: 'Caller: check the number with the recipient. It may still be known to WhatsApp.',
  }),
  recipientUnreachable(34002, 'Callee is busy', {
    seenIn: 'unclear',
    sameChannelAgain: 'backoff',
    otherChannelHelps: 'yes',
    action: `Nobody: the recipient is on the phone; ${TRIED_AGAIN}`,
  }),
  recipientUnreachable(34003, 'Callee did not answer', {
    seenIn: 'unclear',
    sameChannelAgain: 'backoff',
    otherChannelHelps: 'yes',
    action: `Nobody: ${TRIED_AGAIN}`,
    note: 'Twilio also reports a rejected call so.',
  }),
  recipientUnreachable(32009, 'SIP user is not registered', {
    seenIn: 'unclear',
    sameChannelAgain: 'backoff',
    otherChannelHelps: 'yes',
    action: `Nobody: ${TRIED_AGAIN} Caller: have the recipient's SIP phone go online.`,
    note: SIP_ONLY,
  }),
  recipientUnreachable(32014, 'Call ended because no audio came back', {
    seenIn: 'unclear',
    sameChannelAgain: 'never',
    otherChannelHelps: 'yes',
    mayHaveArrived: true,
    action: 'Nobody: the next channel is used. Operator: look into the SIP or media path if many calls end so.',
    note: 'Answered, but perhaps not heard; another call would most likely be silent too.',
  }),
  recipientUnreachable(32016, 'No carrier reached the number in time', {
    seenIn: 'unclear',
    sameChannelAgain: 'backoff',
    otherChannelHelps: 'yes',
    action: `Nobody: ${TRIED_AGAIN} Operator: give Twilio support the call sid if the number is known to work.`,
    note: 'Several carriers were tried for 60 seconds, so the number is the likely reason rather than Twilio.',
  }),

  // The carriers and Twilio.
  rateLimited(31429, 'Too many requests', {
    seenIn: 'unclear',
    action: `Nobody: the service slows down; ${TRIED_AGAIN} Operator: set SENDER_RATES for the voice sender.`,
  }),
  providerFault(31500, 'Server error during the call', {
    seenIn: 'unclear',
    action: `Nobody: ${TRIED_AGAIN} Operator: give Twilio support the call sid if it repeats.`,
  }),
  providerFault(31502, 'Bad gateway during the call', {
    seenIn: 'unclear',
    action: `Nobody: ${TRIED_AGAIN}`,
  }),
  providerFault(31503, 'Voice is unavailable', {
    seenIn: 'unclear',
    action: `Nobody: ${TRIED_AGAIN} Operator: watch Twilio's status page if it lasts.`,
  }),
  providerFault(31504, 'Gateway time-out during the call', {
    seenIn: 'unclear',
    action: `Nobody: ${TRIED_AGAIN} Operator: watch Twilio's status page if it lasts.`,
    note: 'Without a word on how the call ended, it is found out before anything is tried again.',
  }),
  invalidRequest(32015, 'Call was longer than allowed', {
    seenIn: 'unclear',
    otherChannelHelps: 'no',
    action: 'Caller: shorten what the call says. Nothing needs sending again: it was heard until then.',
  }),
  permission(32017, 'Carrier blocked the caller id', {
    seenIn: 'unclear',
    scope: 'sender',
    otherChannelHelps: 'yes',
    action:
      'Operator: the number is labelled as spam; register it at freecallerregistry.com or call from another number.',
  }),

  // The account's SIP and voice set-up.
  rateLimited(32001, 'Too many calls per second on the trunk', {
    seenIn: 'unclear',
    action: "Operator: set SENDER_RATES to the trunk's calls per second, or raise the trunk's limit.",
    note: SIP_ONLY,
  }),
  permission(32005, 'Voice is disabled on the account', {
    seenIn: 'unclear',
    scope: 'sender',
    otherChannelHelps: 'yes',
    action: 'Operator: ask Twilio support to enable voice; messages still go out meanwhile.',
  }),
  invalidRequest(32011, 'Our SIP equipment does not answer', {
    seenIn: 'unclear',
    scope: 'sender',
    responsible: 'operator',
    otherChannelHelps: 'yes',
    action: "Operator: check that the SIP endpoint is up and that the firewall lets Twilio's addresses in.",
    note: SIP_ONLY,
  }),
  rateLimited(32013, 'Too many calls per second on the SIP interface', {
    seenIn: 'unclear',
    action: 'Operator: set SENDER_RATES for the voice sender, or ask Twilio for more calls per second.',
    note: SIP_ONLY,
  }),
  permission(32100, 'Trial may call verified numbers only', {
    seenIn: 'unclear',
    scope: 'recipient',
    otherChannelHelps: 'no',
    action: 'Operator: verify the number in the Console or upgrade the trial account.',
    note: `${TRIAL_ONLY} Messages need the same verification.`,
  }),
  invalidRequest(32101, 'SIP: phone number is invalid', {
    seenIn: 'unclear',
    otherChannelHelps: 'no',
    action: 'Caller: give the number in E.164 form, such as +15551230001.',
    note: SIP_ONLY,
  }),
  permission(32203, 'SIP: Twilio blocks this number', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action: 'Operator: ask Twilio support to lift the block if calls to the number are legitimate.',
    note: SIP_ONLY,
  }),
  permission(32204, 'SIP: From is not verified', {
    seenIn: 'unclear',
    scope: 'sender',
    otherChannelHelps: 'yes',
    action: 'Operator: verify TWILIO_VOICE_FROM as a caller id, or use a number of the account.',
    note: SIP_ONLY,
  }),
  permission(32205, 'SIP: country is not permitted', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action: 'Operator: allow the country under the geographic permissions of Elastic SIP Trunking.',
    note: SIP_ONLY,
  }),
  invalidRequest(32206, 'SIP: From is invalid', {
    seenIn: 'unclear',
    scope: 'sender',
    responsible: 'operator',
    otherChannelHelps: 'yes',
    action: 'Operator: correct TWILIO_VOICE_FROM; it must be assigned and not on the do-not-originate list.',
    note: SENDER_IS_CONFIGURATION,
  }),
  permission(32216, 'SIP address is on a deny list', {
    seenIn: 'unclear',
    scope: 'sender',
    otherChannelHelps: 'yes',
    action: 'Operator: ask Twilio support why the address is denied, or call from another.',
    note: SIP_ONLY,
  }),
];
