/** Delivery results on WhatsApp (and RCS, Messenger): the 630xx codes, except the life cycle of templates. */
import {
  channelUnavailable,
  contentRejected,
  invalidRequest,
  optedOut,
  permission,
  providerFault,
  quotaExhausted,
  rateLimited,
  recipientUnreachable,
} from './rows-by-class.js';
import { SENDER_IS_CONFIGURATION, TRIED_AGAIN } from './shared-notes.js';

const NOT_OUR_CHANNEL = 'RCS or Messenger only, which the service does not send on.';

/** Seen in callbacks. Another channel has its own content, so it may carry what this one refuses. */
const CONTENT_OF_THIS_CHANNEL = { seenIn: 'status_callback', otherChannelHelps: 'yes' } as const;

/** Every message of this sender fails until the operator acts. */
const SENDER_OUT_OF_ORDER = { seenIn: 'status_callback', scope: 'sender', responsible: 'operator' } as const;

export const WHATSAPP_AND_CHANNEL_CODES = [
  // The sender.
  channelUnavailable(63001, 'Channel refused our credentials', {
    ...SENDER_OUT_OF_ORDER,
    action: 'Operator: connect the WhatsApp sender again in the Console; delete and re-add it if that fails.',
    note: "The channel's credentials at Meta, not the account's at Twilio: SMS and voice go on.",
  }),
  channelUnavailable(63002, 'Channel does not know From', {
    ...SENDER_OUT_OF_ORDER,
    action: 'Operator: check in the Console that TWILIO_WHATSAPP_FROM is registered and online.',
  }),
  channelUnavailable(63007, 'No channel has this From', {
    ...SENDER_OUT_OF_ORDER,
    seenIn: 'api_response',
    action: 'Operator: set TWILIO_WHATSAPP_FROM to an approved WhatsApp sender of this account.',
  }),
  channelUnavailable(63008, 'Channel is misconfigured', {
    seenIn: 'unclear',
    responsible: 'operator',
    action:
      'Caller: check that the number in To is right. Operator: open the sender in the Console and complete its configuration, if everything of it fails.',
    note: 'Twilio names a wrong form of To as well, so one such answer does not stop the sender.',
  }),
  channelUnavailable(63020, 'Meta Business Manager has a problem', {
    ...SENDER_OUT_OF_ORDER,
    action: "Operator: accept Twilio's invitation in Meta Business Manager and check its payment method.",
  }),
  channelUnavailable(63022, 'Business name certificate is invalid', {
    ...SENDER_OUT_OF_ORDER,
    action: 'Operator: have the display name of the sender approved again in WhatsApp Manager.',
  }),
  channelUnavailable(63051, 'Sender or its WhatsApp Business Account is locked', {
    ...SENDER_OUT_OF_ORDER,
    action:
      "Operator: read Meta's reason in Business Support. A sender without traffic for about 30 days is registered again; a lock for another reason needs an appeal, through Twilio support if need be.",
  }),
  permission(63058, 'Business may not write to users of this country', {
    seenIn: 'status_callback',
    otherChannelHelps: 'yes',
    action: 'Operator: have the business verified by Meta, or use a WhatsApp sender of that country.',
  }),
  channelUnavailable(63059, 'Number has moved to another WhatsApp Business Account', {
    seenIn: 'unclear',
    scope: 'sender',
    responsible: 'operator',
    action:
      'Operator: use the account that the number moved to, or register another sender and set TWILIO_WHATSAPP_FROM.',
    note: SENDER_IS_CONFIGURATION,
  }),
  channelUnavailable(63062, 'Terms of the Marketing Messages API are not accepted', {
    seenIn: 'unclear',
    responsible: 'operator',
    action: 'Operator: accept the terms in Meta Business Manager, or send marketing templates the ordinary way.',
    note: 'Marketing only; the sender goes on with everything else, so it is not sender-wide.',
  }),

  // The recipient.
  channelUnavailable(63003, 'To is not on this channel', {
    seenIn: 'status_callback',
    scope: 'recipient',
    responsible: 'recipient',
    notOnChannel: true,
    action:
      'Nobody: the number has no WhatsApp, so the next channel is used. Caller: put SMS first for this recipient.',
  }),
  channelUnavailable(63015, 'Recipient has not joined the sandbox', {
    seenIn: 'status_callback',
    scope: 'recipient',
    responsible: 'recipient',
    action:
      'Caller: have the recipient send the join phrase to the sandbox number. Operator: use a real WhatsApp sender in production.',
    note: 'Sandbox only; joining lasts three days.',
  }),
  channelUnavailable(63024, 'Recipient is invalid on this channel', {
    seenIn: 'status_callback',
    scope: 'recipient',
    responsible: 'recipient',
    notOnChannel: true,
    action: 'Nobody: the next channel is used. Caller: ask the recipient to update WhatsApp and accept its terms.',
    note: 'No WhatsApp, terms not accepted, or too old an app.',
  }),
  channelUnavailable(63032, 'Meta withheld a marketing message from a user in an experiment', {
    seenIn: 'status_callback',
    responsible: 'operator',
    action: 'Nobody: the next channel is used. Operator: send marketing some other way if many end like this.',
    note: 'Only marketing templates outside an open conversation are withheld, so the recipient is still on WhatsApp for everything else: https://support.twilio.com/hc/en-us/articles/17388935157915.',
  }),
  recipientUnreachable(63029, 'Recipient could not load the template', {
    seenIn: 'status_callback',
    sameChannelAgain: 'backoff',
    otherChannelHelps: 'yes',
    action:
      'Nobody: the next channel takes over, or it waits in the review queue. Caller: ask the recipient to update WhatsApp if it repeats.',
    note: 'The handset failed, not Meta, so it is no `provider_fault` and no sign of an outage.',
  }),
  channelUnavailable(63036, 'Number cannot be reached over RCS', {
    seenIn: 'status_callback',
    scope: 'recipient',
    responsible: 'recipient',
    action: 'Nobody: the next channel is used.',
    note: NOT_OUR_CHANNEL,
  }),
  optedOut(63014, 'Recipient blocked the sender', {
    seenIn: 'status_callback',
    action:
      'Caller: do not write to this recipient on WhatsApp until they opt in again. Operator: lift the suppression once they have.',
    note: 'Nobody reports that a block is lifted, and on WhatsApp only a START that Twilio itself understood counts as opting in. SMS and calls, from the same number too, are of another sender.',
  }),
  contentRejected(63033, 'Recipient does not want marketing templates', {
    seenIn: 'status_callback',
    scope: 'recipient',
    otherChannelHelps: 'no',
    action: 'Caller: send this recipient no marketing on WhatsApp until they opt in again.',
    note: 'Not `opted_out`: templates of other categories still arrive, so one-time passwords go on. Marketing that somebody does not want is not moved to another channel.',
  }),
  contentRejected(63050, 'Recipient has opted out of marketing', {
    seenIn: 'status_callback',
    scope: 'recipient',
    otherChannelHelps: 'no',
    action: 'Caller: send this recipient no marketing on WhatsApp until they opt in again.',
    note: 'As 63033: other messages still arrive, and marketing that somebody does not want is not moved to another channel.',
  }),

  // Windows and Meta's own limits.
  channelUnavailable(63016, 'Free-form text outside the 24-hour window', {
    seenIn: 'status_callback',
    responsible: 'operator',
    action:
      'Nobody: the next channel is used. Operator: have a template approved and tell the caller to send it in whatsapp.contentSid; if one was sent, look in the Console whether WhatsApp has approved it.',
    note: 'One message, not the recipient: a template, or an answer to the recipient, would get through.',
  }),
  channelUnavailable(63049, 'Meta withheld a marketing message', {
    seenIn: 'status_callback',
    responsible: 'operator',
    action:
      'Nobody: the next channel is used. Operator: send fewer marketing templates, and this one again later; to numbers in the United States Meta delivers none.',
    note: 'Meta limits marketing per user; neither the number nor the sender is at fault. Canada shares +1 and is not closed to it.',
  }),
  rateLimited(63017, 'Account sends too many messages per second', {
    seenIn: 'unclear',
    scope: 'account',
    action: `Nobody: the service slows down; ${TRIED_AGAIN} Operator: keep all senders and subaccounts under 2000 messages per second together.`,
  }),
  rateLimited(63018, "Sender reached the channel's rate or messaging limit", {
    seenIn: 'both',
    action: `Nobody: the service slows this sender down; ${TRIED_AGAIN} Operator: set SENDER_RATES and look at the limit in WhatsApp Manager.`,
    note: "A rate per second, a rate per recipient, or Meta's tier of conversations per day. The sandbox allows one message in three seconds.",
  }),
  quotaExhausted(63038, 'Account used up its messages of the day', {
    seenIn: 'api_response',
    action:
      "Operator: ask Twilio to raise the daily limit, or wait until it resets, at most 24 hours; then close the account's circuit.",
    note: 'Arrives as HTTP 429, yet no backoff helps.',
  }),
  quotaExhausted(60728, 'Account used up its messages of the hour', {
    seenIn: 'unclear',
    resetsAfterMs: 3_600_000,
    action:
      "Operator: ask Twilio to raise the hourly limit, or wait: within an hour the account's circuit tries one send by itself.",
    note: 'The sibling of 63038, counted by the hour. Twilio files it under Verify.',
  }),
  rateLimited(63039, "Meta finds the page's messages bothersome", {
    seenIn: 'unclear',
    responsible: 'operator',
    scope: 'message',
    action: 'Operator: send less, and only what people expect.',
    note: `A warning. ${NOT_OUR_CHANNEL}`,
  }),

  // Content.
  contentRejected(63005, 'Channel refused the content', {
    ...CONTENT_OF_THIS_CHANNEL,
    action:
      "Caller: read the channel's own message in the callback and change the WhatsApp content. Operator: check that the business may write to the recipient's country on WhatsApp.",
    note: 'WhatsApp also answers so when the number is no WhatsApp user, or when the business may not message users in its country.',
  }),
  contentRejected(63006, 'Content cannot be formatted for the channel', {
    ...CONTENT_OF_THIS_CHANNEL,
    action: 'Caller: use a content type that WhatsApp supports, or plain text.',
  }),
  contentRejected(63013, "Content breaks the channel's policy", {
    ...CONTENT_OF_THIS_CHANNEL,
    action:
      'Caller: look for empty contentVariables, four spaces in a row, line breaks or too many emoji, then send again.',
    note: 'Mostly a matter of form, so another channel with its own content helps.',
  }),
  contentRejected(63021, 'Content is invalid for the channel', {
    ...CONTENT_OF_THIS_CHANNEL,
    action: 'Caller: keep the filled template under 1024 characters and use media types that WhatsApp knows.',
  }),
  contentRejected(63026, 'Content was flagged as spam', {
    seenIn: 'status_callback',
    otherChannelHelps: 'no',
    action:
      "Caller: stop sending this text and write to people who asked for it. Operator: watch the sender's quality rating.",
    note: 'Spam on one channel is not moved to another.',
  }),
  invalidRequest(63011, 'Channel could not take the request', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action:
      'Caller: check the number and the content. Operator: give Twilio support the message sid if both are right.',
  }),
  invalidRequest(63019, 'Media could not be downloaded', {
    ...CONTENT_OF_THIS_CHANNEL,
    action: 'Caller: make the media URL public, not empty, and let it answer within seconds.',
  }),
  invalidRequest(63025, 'Media exists already', {
    ...CONTENT_OF_THIS_CHANNEL,
    action: 'Caller: give the media a URL of its own and send again.',
  }),
  invalidRequest(63027, 'Template does not exist in this language', {
    ...CONTENT_OF_THIS_CHANNEL,
    action:
      "Caller: use a contentSid that is approved in the recipient's language. Operator: submit the missing translation.",
  }),
  invalidRequest(63028, 'Number of template variables does not match', {
    ...CONTENT_OF_THIS_CHANNEL,
    action: 'Caller: give contentVariables exactly the placeholders of the template.',
  }),
  invalidRequest(63030, 'Parameter does not go with this kind of message', {
    ...CONTENT_OF_THIS_CHANNEL,
    action: 'Caller: leave media out of a template message; put it into the template instead.',
  }),
  invalidRequest(63031, 'To and From are the same', {
    seenIn: 'unclear',
    otherChannelHelps: 'no',
    action: "Caller: this is the sender's own number; use the recipient's.",
  }),
  invalidRequest(63034, 'Media is too large', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action: 'Caller: shrink the media to 5 MB and send again.',
  }),
  invalidRequest(63052, 'Old template was sent as body', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action: 'Caller: send the template by whatsapp.contentSid; its text in the body no longer counts as a template.',
  }),
  channelUnavailable(63035, 'RCS agent is not launched', {
    seenIn: 'status_callback',
    responsible: 'operator',
    action: 'Operator: launch the RCS agent, or have the recipient accept the invitation as a tester.',
    note: NOT_OUR_CHANNEL,
  }),

  // Twilio or the channel at fault.
  providerFault(63009, 'Channel answered with a server error', {
    seenIn: 'status_callback',
    action:
      'Nobody: the next channel takes over, or it waits in the review queue. Operator: watch the status pages of Twilio and Meta if it lasts.',
  }),
  providerFault(63010, 'Internal error of Twilio on a channel message', {
    seenIn: 'status_callback',
    action:
      'Nobody: the next channel takes over, or it waits in the review queue. Operator: give Twilio support the message sid if it repeats.',
  }),
  providerFault(63012, 'Internal error of the channel', {
    seenIn: 'status_callback',
    action:
      "Nobody: the next channel takes over, or it waits in the review queue. Operator: watch Meta's status page if it lasts.",
  }),
  providerFault(63023, 'Channel gave no particular reason', {
    seenIn: 'status_callback',
    action:
      "Nobody: the next channel takes over, or it waits in the review queue. Operator: the callback's ChannelStatusMessage may say more.",
    note: 'Unspecific, so it is taken for a fault of the channel, which a retry and a fallback help.',
  }),
  providerFault(63037, 'Media could not be uploaded to the channel', {
    seenIn: 'unclear',
    action: 'Nobody: Twilio itself tries again.',
    note: 'A warning: the message is still under way, so it is no result of a send.',
  }),
];
