/** The life cycle of WhatsApp templates, and WhatsApp and RCS senders: set-up, approval, locks by Meta. */
import { channelUnavailable, invalidRequest, permission } from './rows-by-class.js';
import { SETUP_ONLY } from './shared-notes.js';

const SAMPLE_MEDIA = {
  seenIn: 'unclear',
  responsible: 'operator',
  otherChannelHelps: 'no',
  note: 'About submitting a template, never the result of a send.',
} as const;

const SENDERS_API = {
  seenIn: 'api_response',
  responsible: 'operator',
  otherChannelHelps: 'no',
  note: SETUP_ONLY,
} as const;

const TEMPLATE_STOPPED = { seenIn: 'both', responsible: 'operator' } as const;

export const WHATSAPP_SETUP_CODES = [
  // Templates.
  channelUnavailable(63040, 'Template was rejected', {
    ...TEMPLATE_STOPPED,
    action: "Operator: read WhatsApp's reason in the Console, correct the template and submit it again.",
  }),
  channelUnavailable(63041, 'Template is paused', {
    ...TEMPLATE_STOPPED,
    action:
      'Operator: use another template; WhatsApp pauses for 3 hours, then for 6, then for good, when people complain.',
  }),
  channelUnavailable(63042, 'Template is disabled', {
    ...TEMPLATE_STOPPED,
    action: 'Operator: write a new template and have it approved; this one will not come back.',
  }),
  channelUnavailable(63053, 'Template is not synchronised yet', {
    seenIn: 'unclear',
    responsible: 'operator',
    action: 'Operator: wait ten minutes after a template is approved or changed, then retry from the review queue.',
    note: 'Twilio says that the synchronisation takes up to ten minutes; another template works meanwhile.',
  }),
  channelUnavailable(63054, 'Template cannot be used now', {
    ...TEMPLATE_STOPPED,
    action:
      'Operator: use another template, and check in Meta Business Manager that the business is onboarded for what the template is.',
  }),
  channelUnavailable(63055, 'Only marketing goes over the Marketing Messages API', {
    seenIn: 'unclear',
    responsible: 'operator',
    action: 'Operator: have the template approved as marketing, or send it over the ordinary WhatsApp API.',
    note: 'Only what is sent over that API, so it is not sender-wide.',
  }),
  channelUnavailable(63056, 'Kind of account may not do this', {
    seenIn: 'unclear',
    responsible: 'operator',
    action: 'Operator: ask Twilio support what the account lacks; another channel works meanwhile.',
  }),
  invalidRequest(63043, 'Sample media of the template is forbidden (403)', {
    ...SAMPLE_MEDIA,
    action: 'Operator: make the sample file of the template public and submit it again.',
  }),
  invalidRequest(63044, 'Sample media of the template is missing (404)', {
    ...SAMPLE_MEDIA,
    action: 'Operator: correct the link to the sample file and submit the template again.',
  }),
  invalidRequest(63045, 'Sample media of the template cannot be fetched', {
    ...SAMPLE_MEDIA,
    action: 'Operator: check that the link to the sample file opens in a browser, then submit the template again.',
  }),
  invalidRequest(63046, 'Template was approved', {
    ...SAMPLE_MEDIA,
    action: 'Operator: nothing to do; the template can be used now.',
    note: 'Good news, not a failure. It has a class only because every code must have one.',
  }),
  invalidRequest(63047, 'Sample media of the template has the wrong type', {
    ...SAMPLE_MEDIA,
    action: 'Operator: serve the sample file as image/jpeg, image/png, application/pdf or video/mp4.',
  }),

  // Senders.
  invalidRequest(63100, 'Sender request is invalid', {
    ...SENDERS_API,
    action: "Operator: correct the field that Twilio names in the sender's registration.",
  }),
  invalidRequest(63101, 'WhatsApp Business Account id is invalid', {
    ...SENDERS_API,
    action: 'Operator: copy the account id from Meta Business Manager again.',
  }),
  invalidRequest(63102, 'Account is linked to another WhatsApp Business Account', {
    ...SENDERS_API,
    action: 'Operator: register the sender with the WhatsApp Business Account that is linked already.',
  }),
  permission(63103, 'Payment method cannot be assigned', {
    seenIn: 'api_response',
    otherChannelHelps: 'no',
    action:
      'Operator: let Twilio share its payment method with the WhatsApp Business Account in Meta Business Manager.',
    note: SETUP_ONLY,
  }),
  channelUnavailable(63105, 'Channel does not support this action', {
    seenIn: 'unclear',
    responsible: 'operator',
    action: "Operator: do it in the way that the channel's documentation shows, or on another channel.",
  }),
  channelUnavailable(63106, 'Number cannot do RCS', {
    seenIn: 'unclear',
    scope: 'recipient',
    responsible: 'recipient',
    action: 'Nobody: the number cannot do RCS; WhatsApp, SMS and voice do not depend on it.',
  }),
  invalidRequest(63107, 'Number of the test device is not E.164', {
    ...SENDERS_API,
    seenIn: 'unclear',
    action: 'Operator: write the number as + and digits with the country code.',
  }),
  channelUnavailable(63109, 'Sender was moved to another account', {
    seenIn: 'unclear',
    scope: 'sender',
    responsible: 'operator',
    action:
      'Operator: use the account that the sender moved to, or register another sender and set TWILIO_WHATSAPP_FROM.',
  }),
  channelUnavailable(63111, 'Meta does not find the sender', {
    seenIn: 'unclear',
    scope: 'sender',
    responsible: 'operator',
    action:
      'Operator: check in Meta Business Manager that the number and its WhatsApp Business Account still exist, then register again.',
  }),
  channelUnavailable(63112, 'Meta disabled the business account', {
    seenIn: 'unclear',
    scope: 'sender',
    responsible: 'operator',
    action: 'Operator: appeal in Meta Business Support; until it is settled, send by SMS or voice.',
  }),
  channelUnavailable(63120, 'Meta locked the business account', {
    seenIn: 'unclear',
    scope: 'sender',
    responsible: 'operator',
    action: 'Operator: have it unlocked by Meta Business Support; until then, send by SMS or voice.',
  }),
];
