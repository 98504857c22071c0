/** Creating messages: the recipient, the content and the other parameters. */
import { contentRejected, invalidRequest, optedOut, permission, recipientUnreachable } from './rows-by-class.js';
import { NEVER_SENT, SET_BY_SERVICE } from './shared-notes.js';

const OTHER_CHANNELS_CARRY_NO_MEDIA = 'Media belongs to one channel; the others send their own content without it.';

export const MESSAGING_API_CODES = [
  // To.
  recipientUnreachable(21211, 'To is not a valid phone number', {
    seenIn: 'both',
    sameChannelAgain: 'never',
    otherChannelHelps: 'no',
    action: 'Caller: correct the number in E.164 form, such as +15551230001, and send again.',
    note: 'No channel reaches a number that does not exist. With a Messaging Service it can arrive later, as a failed status.',
  }),
  recipientUnreachable(21265, 'To is a short code', {
    seenIn: 'api_response',
    sameChannelAgain: 'never',
    otherChannelHelps: 'no',
    action: 'Caller: ask the recipient for a phone number; short codes cannot receive messages.',
    note: 'Not `invalid_request`: only another number helps.',
  }),
  invalidRequest(21266, 'To and From are the same number', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: "Caller: this is the sender's own number; use the recipient's.",
  }),
  recipientUnreachable(21268, 'To is a premium or information number', {
    seenIn: 'api_response',
    sameChannelAgain: 'never',
    otherChannelHelps: 'no',
    action: 'Caller: ask the recipient for an ordinary mobile number.',
    note: 'Not `permission`: no setting of the operator changes it, only another number does.',
  }),
  permission(21408, 'Messages to this country are not permitted', {
    seenIn: 'both',
    otherChannelHelps: 'yes',
    action:
      'Operator: allow the country under Messaging Geo-Permissions in the Console, then retry from the review queue. Some destinations no setting opens: Twilio has stopped every channel to embargoed countries.',
    note: 'Of SMS, MMS, WhatsApp and RCS; calls have permissions of their own.',
  }),
  invalidRequest(21604, 'Message has no To', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: "Operator: please report it with the attempt's id.",
    note: SET_BY_SERVICE,
  }),
  permission(21608, 'To is not verified (messages)', {
    seenIn: 'api_response',
    scope: 'recipient',
    otherChannelHelps: 'yes',
    action:
      'Operator: upgrade a trial account and have a primary compliance profile approved in the Trust Hub, or verify the number in the Console.',
    note: 'Trial accounts, and accounts without an approved primary compliance profile: they write to verified numbers only. The limit is on messages, so a call may go through.',
  }),
  optedOut(21610, 'Recipient has opted out', {
    seenIn: 'both',
    action:
      'Caller: do not write to this recipient until they send START to the sender. Operator: lifting the suppression here helps only once Twilio has heard that START.',
    note: 'The recipient answered STOP to this sender. Twilio keeps a list of its own: what is lifted here is refused there until they opt in.',
  }),
  recipientUnreachable(21612, 'To cannot be reached from this sender', {
    seenIn: 'both',
    sameChannelAgain: 'never',
    otherChannelHelps: 'yes',
    action:
      'Operator: add a sender that reaches this country or carrier. Caller: check the number, or name a further channel.',
  }),
  recipientUnreachable(21614, 'To is not a mobile number', {
    seenIn: 'both',
    sameChannelAgain: 'never',
    otherChannelHelps: 'yes',
    action: 'Caller: ask the recipient for a mobile number, or add voice to the channels; a landline can be called.',
  }),
  recipientUnreachable(21635, 'To is a landline', {
    seenIn: 'both',
    sameChannelAgain: 'never',
    otherChannelHelps: 'yes',
    action: 'Caller: add voice to the channels, or ask the recipient for a mobile number.',
  }),
  invalidRequest(21653, 'Too many recipients', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: "Operator: please report it with the attempt's id; the service names one recipient per message.",
    note: SET_BY_SERVICE,
  }),

  // The text.
  invalidRequest(21602, 'Message has no body', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: 'Caller: give the message a body that is not blank.',
  }),
  invalidRequest(21605, 'Body is longer than 160 characters (old endpoint)', {
    seenIn: 'api_response',
    scope: 'account',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: check TWILIO_BASE_URL; the Messages resource takes 1600 characters.',
    note: SET_BY_SERVICE,
  }),
  invalidRequest(21617, 'Body is longer than 1600 characters', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action: 'Caller: shorten the body to 1600 characters, or put the details behind a link.',
    note: 'The limit is the same for SMS and WhatsApp, but each may have a text of its own, and a call has no such limit. Where they share the text, the next one refuses it at once.',
  }),
  contentRejected(21618, 'Body cannot be sent', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: 'Caller: reword the body; every carrier filters this text.',
    note: 'Filtered content is not routed around through another channel.',
  }),
  invalidRequest(21619, 'Message has no body, media or content', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action: 'Caller: give the message a body, media or a contentSid.',
  }),
  invalidRequest(21652, 'Subject is longer than 40 characters', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: "Operator: please report it with the attempt's id.",
    note: NEVER_SENT,
  }),
  invalidRequest(21658, 'Parameter is too long', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action: 'Caller: shorten the value that providerMessage names; a content variable may have 1600 characters.',
    note: 'A content variable or another value of this channel; the others do not send it.',
  }),

  // Media.
  contentRejected(11751, 'Media is too large for the channel', {
    seenIn: 'status_callback',
    otherChannelHelps: 'yes',
    action: 'Caller: shrink the media to 5 MB for SMS or 16 MB for WhatsApp, or send without it.',
    note: OTHER_CHANNELS_CARRY_NO_MEDIA,
  }),
  invalidRequest(21620, 'Media URL is invalid', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action: 'Caller: correct mediaUrls; each is a whole public URL that begins with http:// or https://.',
    note: OTHER_CHANNELS_CARRY_NO_MEDIA,
  }),
  invalidRequest(21623, 'Too many media files', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action: 'Caller: send at most 10 media files with one message.',
    note: OTHER_CHANNELS_CARRY_NO_MEDIA,
  }),

  // Parameters that the service sets itself or never uses.
  invalidRequest(21609, 'StatusCallback URL is invalid', {
    seenIn: 'api_response',
    scope: 'account',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action:
      'Operator: make PUBLIC_URL a whole public URL of a host without underscores, then retry from the review queue.',
    note: `${SET_BY_SERVICE} Every channel gets its callback URL from PUBLIC_URL.`,
  }),
  invalidRequest(21624, 'ValidityPeriod is invalid', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: "Operator: please report it with the attempt's id; 1 to 36000 seconds are allowed.",
    note: SET_BY_SERVICE,
  }),
  invalidRequest(21627, 'MaxPrice is invalid', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: "Operator: please report it with the attempt's id; Twilio has retired the parameter.",
    note: NEVER_SENT,
  }),
  invalidRequest(21900, 'DLT entity id is invalid', {
    seenIn: 'api_response',
    scope: 'sender',
    responsible: 'operator',
    otherChannelHelps: 'yes',
    action: 'Operator: register the entity id for India with the Messaging Service, then retry from the review queue.',
    note: `India only, SMS only. ${NEVER_SENT}`,
  }),
  invalidRequest(21901, 'DLT template id is invalid', {
    seenIn: 'api_response',
    scope: 'sender',
    responsible: 'operator',
    otherChannelHelps: 'yes',
    action: 'Operator: register the template for India with the Messaging Service, then retry from the review queue.',
    note: `India only, SMS only. ${NEVER_SENT}`,
  }),
  invalidRequest(21902, 'InvoiceTag is too long', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: "Operator: please report it with the attempt's id.",
    note: NEVER_SENT,
  }),
];
