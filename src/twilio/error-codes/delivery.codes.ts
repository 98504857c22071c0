/** Delivery results of an SMS after Twilio accepted it (300xx): handsets, carriers, filters, queues. */
import {
  authentication,
  channelUnavailable,
  contentRejected,
  permission,
  providerFault,
  rateLimited,
  recipientUnreachable,
} from './rows-by-class.js';
import { INBOUND_ONLY, OUT_OF_FUNDS_OR_SUSPENDED, TRIAL_ONLY } from './shared-notes.js';

export const DELIVERY_CODES = [
  // The recipient's phone and carrier.
  recipientUnreachable(30003, 'Handset is unreachable', {
    seenIn: 'status_callback',
    sameChannelAgain: 'backoff',
    otherChannelHelps: 'yes',
    action:
      'Nobody: the phone is off or without signal; the next channel takes over, or it waits in the review queue. Operator: retry from the review queue when the phone may be on again. Caller: add a channel if none is left.',
    note: 'Twilio itself suggests another try, but what was accepted is not sent again by itself: each try is billed, and the phone may be off for days.',
  }),
  recipientUnreachable(30004, 'Message is blocked for this destination', {
    seenIn: 'status_callback',
    sameChannelAgain: 'never',
    otherChannelHelps: 'yes',
    action:
      'Caller: ask the recipient whether they texted STOP, are on a do-not-disturb list or have a carrier that blocks messages. Operator: set otherChannelHelps to "no" in TWILIO_ERROR_CODES_FILE if yours are mostly opt-outs.',
    note: 'A block by the user (STOP to a toll-free number included), the carrier or a do-not-disturb registry, but also a landline or no signal: Twilio does not say which. Trying again only makes it worse.',
  }),
  recipientUnreachable(30005, 'Handset is unknown', {
    seenIn: 'status_callback',
    sameChannelAgain: 'never',
    otherChannelHelps: 'yes',
    action: 'Caller: check with the recipient whether the number is still theirs.',
    note: 'The carrier no longer knows the number, so the same channel never helps; WhatsApp can outlive the SIM card.',
  }),
  recipientUnreachable(30006, 'Landline or unreachable carrier', {
    seenIn: 'status_callback',
    sameChannelAgain: 'never',
    otherChannelHelps: 'yes',
    action: 'Caller: add voice to the channels, or ask the recipient for a mobile number.',
  }),
  recipientUnreachable(30008, 'Carrier gave no reason', {
    seenIn: 'status_callback',
    sameChannelAgain: 'backoff',
    otherChannelHelps: 'yes',
    mayHaveArrived: true,
    action:
      'Nobody: the next channel takes over, or it waits in the review queue. Operator: retry from the review queue later; give Twilio support three message sids if many fail so.',
    note: 'Mostly the causes of 30003. Not `provider_fault`: it is common, and must not look like an outage of Twilio. It may have arrived after all.',
  }),
  recipientUnreachable(30046, 'Delivery was not confirmed', {
    seenIn: 'status_callback',
    sameChannelAgain: 'backoff',
    otherChannelHelps: 'yes',
    mayHaveArrived: true,
    action:
      'Nobody: the next channel takes over, or it waits in the review queue. Caller: ask the recipient whether it came before it is sent again.',
    note: 'RCS, which a Messaging Service with an RCS sender may choose for an SMS. As 30008: not confirmed is not undelivered.',
  }),
  channelUnavailable(30011, 'Recipient cannot receive MMS', {
    seenIn: 'status_callback',
    responsible: 'recipient',
    action: 'Caller: send without mediaUrls, or put a link into the body.',
    note: 'The message, not the recipient: SMS without media would arrive.',
  }),

  // Content.
  contentRejected(30007, 'Message was filtered', {
    seenIn: 'status_callback',
    otherChannelHelps: 'no',
    action:
      'Caller: reword the message: no shortened links, no all-capitals, say who you are. Operator: give Twilio support three message sids if it was legitimate.',
    note: 'Filtered content is not routed around. An operator who knows the content to be legitimate can override otherChannelHelps with "yes".',
  }),
  contentRejected(30019, 'Content is larger than the carrier allows', {
    seenIn: 'status_callback',
    otherChannelHelps: 'yes',
    action: 'Caller: shrink the media, or send a link instead.',
  }),
  contentRejected(30038, 'One-time password was filtered', {
    seenIn: 'unclear',
    otherChannelHelps: 'no',
    action: 'Operator: nothing to send again; Twilio keeps one-time passwords of others away from this number.',
    responsible: 'operator',
    note: INBOUND_ONLY,
  }),
  contentRejected(30039, 'Filtered to prevent a message loop', {
    seenIn: 'unclear',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: look for two systems that answer each other and stop one of them.',
    note: INBOUND_ONLY,
  }),
  permission(30044, 'Message is too long for a trial account', {
    seenIn: 'status_callback',
    otherChannelHelps: 'yes',
    action: 'Operator: upgrade the trial account. Caller: shorten the body to one or two segments meanwhile.',
    note: `${TRIAL_ONLY} The limit is on SMS segments.`,
  }),

  // Queues and limits.
  rateLimited(30001, "Sender's queue overflowed", {
    seenIn: 'status_callback',
    action:
      'Nobody: the service slows this sender down; the next channel takes over, or it waits in the review queue. Operator: set SENDER_RATES, or add senders to the Messaging Service.',
  }),
  rateLimited(30017, 'Carrier is too busy for MMS', {
    seenIn: 'status_callback',
    scope: 'recipient',
    action: 'Caller: send without mediaUrls, or put a link into the body. Operator: retry from the review queue later.',
    note: 'MMS only. Not `provider_fault`: one crowded carrier is no outage of Twilio.',
  }),
  rateLimited(30022, 'US carrier rate limit (10DLC)', {
    seenIn: 'status_callback',
    action:
      "Nobody: the service slows this sender down; the next channel takes over, or it waits in the review queue. Operator: set SENDER_RATES to the campaign's rate.",
  }),
  rateLimited(30023, 'US daily message cap reached (10DLC)', {
    seenIn: 'status_callback',
    scope: 'recipient',
    action: 'Operator: retry from the review queue after midnight Pacific Time, and ask for a higher cap of the brand.',
    note: "Not `quota_exhausted`: the cap is one US carrier's, all other recipients are still reached. Another try would fail until the day is over, so the next channel is used.",
  }),
  rateLimited(30025, "Half of T-Mobile's daily cap is used", {
    seenIn: 'unclear',
    responsible: 'operator',
    scope: 'message',
    action: 'Operator: watch the daily volume; nothing has failed yet.',
    note: 'A warning only.',
  }),
  rateLimited(30026, "70 % of T-Mobile's daily cap is used", {
    seenIn: 'unclear',
    responsible: 'operator',
    scope: 'message',
    action: 'Operator: put off marketing to US numbers until tomorrow; nothing has failed yet.',
    note: 'A warning only.',
  }),
  rateLimited(30027, "T-Mobile's daily cap is reached", {
    seenIn: 'status_callback',
    scope: 'recipient',
    action: 'Operator: retry from the review queue after midnight Pacific Time, and ask for a higher cap of the brand.',
    note: 'As 30023.',
  }),
  rateLimited(30036, "Message expired in Twilio's queue", {
    seenIn: 'status_callback',
    action:
      'Nobody: the next channel takes over, or it waits in the review queue. Operator: set SENDER_RATES so that queues stay short.',
    note: 'It was never sent, so a resend cannot duplicate.',
  }),

  // Twilio and the carriers at fault.
  providerFault(30009, 'Part of an incoming message is missing', {
    seenIn: 'unclear',
    action: 'Nobody: the carrier lost a segment of what somebody wrote to us.',
    note: INBOUND_ONLY,
  }),
  providerFault(30020, 'Internal failure of message scheduling', {
    seenIn: 'status_callback',
    action:
      'Nobody: the next channel takes over, or it waits in the review queue. Operator: give Twilio support the message sid if it repeats.',
  }),
  providerFault(30021, 'Internal failure of the Messaging Service', {
    seenIn: 'status_callback',
    action:
      'Nobody: the next channel takes over, or it waits in the review queue. Operator: set From to a number for as long as Messaging Services fail.',
  }),
  providerFault(30047, 'Could not be put off to a permitted hour', {
    seenIn: 'status_callback',
    action:
      'Nobody: Twilio asks for another try; the next channel takes over, or it waits in the review queue. Operator: give Twilio support the message sid if it repeats.',
    note: 'Compliance Toolkit only. The message was neither sent nor scheduled, so a resend cannot duplicate.',
  }),
  providerFault(30410, 'Carrier timed out', {
    seenIn: 'status_callback',
    mayHaveArrived: true,
    action:
      "Nobody: the next channel takes over, or it waits in the review queue. Operator: watch Twilio's status page for the carrier if it lasts.",
    note: 'Twilio itself does not try again, to avoid duplicates: the first message may have arrived.',
  }),
  providerFault(30500, 'Internal error while processing the message', {
    seenIn: 'status_callback',
    action:
      'Nobody: Twilio asks for another try; the next channel takes over, or it waits in the review queue. Operator: give Twilio support the message sid if it fails twice.',
  }),

  // The account.
  authentication(30002, 'Account was suspended while the message waited', {
    seenIn: 'status_callback',
    action:
      "Operator: top up the balance or settle the suspension with Twilio support, then close the account's circuit.",
    note: OUT_OF_FUNDS_OR_SUSPENDED,
  }),
  permission(30037, 'Outgoing messages are disabled', {
    seenIn: 'status_callback',
    scope: 'sender',
    otherChannelHelps: 'yes',
    action:
      'Operator: ask Twilio support why messaging is disabled; calls still go out, so give notifications the voice channel.',
  }),
];
