/** Registration, fraud protection, quiet hours and other country or carrier rules that stop an SMS (300xx to 306xx). */
import { contentRejected, invalidRequest, optedOut, permission, quotaExhausted } from './rows-by-class.js';
import { SETUP_ONLY, TRIAL_ONLY } from './shared-notes.js';

const UNREGISTERED_SENDER = { seenIn: 'status_callback', scope: 'sender', otherChannelHelps: 'yes' } as const;

const FRAUD_BLOCK = {
  seenIn: 'status_callback',
  scope: 'recipient',
  otherChannelHelps: 'no',
  note: 'A sign of fraud: the service neither insists nor moves on to another paid channel.',
} as const;

const QUIET_HOURS = {
  seenIn: 'status_callback',
  scope: 'recipient',
  otherChannelHelps: 'no',
  note: 'Compliance Toolkit stops what it does not know to be essential; it exempts one-time passwords and notifications by messageIntent, which the service does not send. The hours bind calls and other messages as well, so another channel is no way round them.',
} as const;

export const DELIVERY_RULE_CODES = [
  // Registration of senders.
  permission(30018, 'Sender id needs registration here', {
    ...UNREGISTERED_SENDER,
    action: 'Operator: register the sender name for the country in the Console, then retry from the review queue.',
  }),
  permission(30024, 'Number is not provisioned at the carrier', {
    ...UNREGISTERED_SENDER,
    action: 'Operator: wait a few days after a fresh registration; else give Twilio support three message sids.',
  }),
  permission(30032, 'Toll-free number is not verified', {
    ...UNREGISTERED_SENDER,
    action:
      'Operator: complete the toll-free verification in the Console, or send to the US and Canada from another number.',
  }),
  permission(30033, 'US campaign is suspended (10DLC)', {
    ...UNREGISTERED_SENDER,
    action: 'Operator: ask Twilio support why the campaign was suspended and what restores it.',
  }),
  permission(30034, 'Number is not registered for the US (10DLC)', {
    ...UNREGISTERED_SENDER,
    action:
      'Operator: register the number with a 10DLC campaign in the Console; registration takes days, so use another sender meanwhile.',
  }),
  permission(30035, 'Number is still being set up for the US (10DLC)', {
    ...UNREGISTERED_SENDER,
    action: 'Operator: wait until the Console shows the number as registered, then retry from the review queue.',
  }),
  permission(30040, 'Sender id must be registered beforehand', {
    ...UNREGISTERED_SENDER,
    action: 'Operator: register the sender name with Twilio for this carrier before sending again.',
  }),
  permission(30041, 'Sender is not registered in the country', {
    ...UNREGISTERED_SENDER,
    action:
      'Operator: register the sender for the country, such as the United Kingdom, or send from a number of that country.',
  }),
  permission(30042, 'Sender id is too generic, has special characters or is not authorised for the account', {
    ...UNREGISTERED_SENDER,
    action:
      'Operator: choose a sender name that says who you are, in plain letters and digits, and register it where the country asks for it.',
  }),
  permission(30043, 'International SMS on a domestic route', {
    ...UNREGISTERED_SENDER,
    action: 'Operator: use a sender that the country allows for traffic from abroad; its SMS guidelines tell which.',
  }),

  // Fraud and quiet hours.
  permission(30450, 'Blocked by SMS pumping protection', {
    ...FRAUD_BLOCK,
    action:
      'Operator: look at who triggers messages to this prefix, and retry from the review queue in 15 to 30 minutes, when Twilio lifts the block. A number blocked by mistake goes on the Global Safe List.',
  }),
  permission(30453, 'Blocked as likely fraud', {
    ...FRAUD_BLOCK,
    action:
      'Operator: look at who triggers these messages, and retry from the review queue in some hours. A number blocked by mistake goes on the Global Safe List.',
  }),
  permission(30485, 'Blocked as likely fraud', {
    ...FRAUD_BLOCK,
    action:
      'Operator: make sure that people, not bots, ask for these messages, and retry from the review queue in some hours. A number blocked by mistake goes on the Global Safe List.',
  }),
  permission(30610, 'Not permitted at this hour', {
    ...QUIET_HOURS,
    action:
      'Operator: retry from the review queue after 08:00 where the recipient is; if it was essential, change the settings of Compliance Toolkit in the Console. Caller: set sendAt between 08:00 and 21:00 their time.',
  }),
  permission(30615, 'Not permitted at this hour', {
    ...QUIET_HOURS,
    action:
      "Operator: retry from the review queue in the recipient's morning; if it was essential, change the settings of Compliance Toolkit in the Console. Caller: set sendAt inside the permitted hours.",
  }),

  // Content and consent.
  contentRejected(30110, 'Domain of a link is blocked', {
    seenIn: 'unclear',
    otherChannelHelps: 'no',
    action: 'Caller: link to another domain. Operator: ask Twilio support to review the block if the domain is yours.',
  }),
  contentRejected(30111, 'Link is on a deny list', {
    seenIn: 'unclear',
    otherChannelHelps: 'no',
    action: 'Caller: take the link out of the message. Operator: ask Twilio support to review it.',
  }),
  contentRejected(30620, "Content does not match the sender's use case", {
    seenIn: 'status_callback',
    otherChannelHelps: 'no',
    action: 'Caller: send marketing from a marketing sender. Operator: register the sender for what it really sends.',
  }),
  optedOut(30630, 'Recipient has opted out (Compliance Toolkit)', {
    seenIn: 'status_callback',
    action: 'Caller: do not write to this recipient until they opt in again.',
  }),
  permission(30640, 'Recipient is known to sue over unwanted messages', {
    seenIn: 'both',
    scope: 'recipient',
    otherChannelHelps: 'no',
    action: 'Operator: take the number off your lists, or ask Twilio support if it is listed by mistake.',
    note: 'Compliance Toolkit only. The law binds calls as well, so another channel is no way round it.',
  }),
  invalidRequest(30646, 'Consent could not be stored', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: correct the consent record that was uploaded and upload it again.',
    note: SETUP_ONLY,
  }),
  invalidRequest(30647, 'Contact could not be stored', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: correct the contact record: E.164 number, two-letter country, postal code of that country.',
    note: SETUP_ONLY,
  }),

  // The account.
  quotaExhausted(30454, 'Trial account has used up its messages', {
    seenIn: 'unclear',
    action:
      "Operator: upgrade the trial account, wait until the upgrade has taken effect, 3 to 4 hours, then close the account's circuit.",
    note: `${TRIAL_ONLY} A cap like 63038, not a rate.`,
  }),
];
