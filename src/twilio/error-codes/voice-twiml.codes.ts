/**
 * TwiML: what a call says and does. These errors are found while the call runs, and shown in Twilio's debugger. Where
 * the recipient heard an error message instead of the notification, another channel helps.
 */
import { invalidRequest, permission, providerFault, rateLimited, recipientUnreachable } from './rows-by-class.js';
import { SENDER_IS_CONFIGURATION, TRIAL_ONLY, TRIED_AGAIN } from './shared-notes.js';

const INSIDE_A_DIAL = "About a <Dial> inside the caller's own TwiML, after our call was answered.";

export const VOICE_TWIML_CODES = [
  invalidRequest(11750, 'TwiML is too large', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action: 'Caller: make what voice.url answers shorter than 64 KB.',
  }),
  invalidRequest(12100, 'TwiML cannot be parsed', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action: 'Caller: correct the XML in voice.twiml, or in what voice.url answers; voice.say needs no XML.',
  }),
  invalidRequest(12200, 'TwiML does not match the schema', {
    seenIn: 'unclear',
    otherChannelHelps: 'no',
    action: 'Caller: correct the verb or attribute that the debugger names; TwiML is case-sensitive.',
    note: 'A warning: what Twilio understood was played.',
  }),
  invalidRequest(12300, 'TwiML has the wrong content type', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action: 'Caller: let voice.url answer with Content-Type text/xml.',
  }),
  providerFault(12400, 'Internal failure while reading TwiML', {
    seenIn: 'unclear',
    action: `Nobody: ${TRIED_AGAIN} Operator: give Twilio support the call sid if it repeats.`,
  }),
  invalidRequest(13214, 'Dial: caller id is invalid', {
    seenIn: 'unclear',
    otherChannelHelps: 'no',
    action: 'Caller: give the <Dial> a callerId that the account owns or has verified.',
    note: INSIDE_A_DIAL,
  }),
  invalidRequest(13223, 'Dial: number has an invalid format', {
    seenIn: 'unclear',
    otherChannelHelps: 'no',
    action: 'Caller: write the number inside <Number> in E.164 form.',
    note: INSIDE_A_DIAL,
  }),
  recipientUnreachable(13224, 'Dial: number is unsupported or invalid', {
    seenIn: 'unclear',
    sameChannelAgain: 'never',
    otherChannelHelps: 'no',
    action: 'Caller: check the number that the TwiML dials; premium and unassigned numbers cannot be called.',
    note: INSIDE_A_DIAL,
  }),
  permission(13225, 'Dial: Twilio blocks this number', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action: 'Operator: ask Twilio support to lift the block if calls to the number are legitimate.',
    note: INSIDE_A_DIAL,
  }),
  permission(13227, 'Dial: country is not permitted', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action: 'Operator: allow the country under Voice Geographic Permissions in the Console.',
    note: INSIDE_A_DIAL,
  }),
  invalidRequest(13247, 'Dial: From is invalid', {
    seenIn: 'unclear',
    scope: 'sender',
    responsible: 'operator',
    otherChannelHelps: 'no',
    action: 'Operator: check that the caller id is assigned and not on the do-not-originate list.',
    note: `${INSIDE_A_DIAL} Without a callerId of its own it is TWILIO_VOICE_FROM. ${SENDER_IS_CONFIGURATION}`,
  }),
  invalidRequest(13521, 'Say: text is too long', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action: 'Caller: shorten voice.say to 3000 characters, or send the text by message.',
  }),
  permission(13805, 'Trial call was cut after 10 minutes', {
    seenIn: 'unclear',
    otherChannelHelps: 'no',
    action: 'Operator: upgrade the trial account. Nothing needs sending again: ten minutes of it were heard.',
    note: TRIAL_ONLY,
  }),
  rateLimited(14107, 'Too many messages between two numbers', {
    seenIn: 'both',
    scope: 'recipient',
    action:
      'Operator: look for two systems that answer each other, or a caller who sends to one number in a loop, and stop it.',
    note: "Twilio's guard against loops: 30 messages in 30 seconds between the same two numbers, however they were sent.",
  }),
  providerFault(15009, 'Internal error of voice', {
    seenIn: 'unclear',
    action: `Nobody: ${TRIED_AGAIN} Operator: give Twilio support the call sid if it repeats.`,
  }),
  invalidRequest(32018, 'TwiML parameter is too large', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action: 'Caller: keep voice.twiml, or the text of voice.say, under 4000 characters, or serve it from voice.url.',
  }),
  invalidRequest(32019, 'Both TwiML and URL were given', {
    seenIn: 'unclear',
    otherChannelHelps: 'no',
    action: 'Operator: nothing to send again; please report it, since the service sends one or the other.',
    responsible: 'operator',
    note: 'A warning: Twilio used the URL and the call went on.',
  }),
];
