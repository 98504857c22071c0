/** ContentSid and ContentVariables: templates of the Content API. Another channel has its own content, so it helps. */
import { contentRejected, invalidRequest, permission } from './rows-by-class.js';
import { SETUP_ONLY, TRIAL_ONLY } from './shared-notes.js';

/** Answered with HTTP 422, a status that alone would blame the caller. */
const TRIAL = { seenIn: 'api_response', scope: 'recipient', otherChannelHelps: 'no', note: TRIAL_ONLY } as const;

export const CONTENT_TEMPLATE_CODES = [
  invalidRequest(21654, 'ContentVariables without ContentSid', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action:
      'Caller: name the template in contentSid, or leave contentVariables out. Operator: a trial account sends WhatsApp templates only; upgrade it.',
  }),
  invalidRequest(21655, 'ContentSid is invalid', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action: 'Caller: correct contentSid; it is HX and 32 hexadecimal digits, of this Twilio account.',
  }),
  invalidRequest(21656, 'ContentVariables are invalid', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action:
      'Caller: give contentVariables as text values by placeholder, such as { "1": "493021" }, none of them empty.',
  }),
  invalidRequest(92002, 'Too many content variables', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action: 'Caller: use at most 100 content variables.',
  }),
  invalidRequest(92005, 'ContentSid is required', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action: 'Caller: name the template in contentSid.',
  }),
  invalidRequest(92006, 'ContentSid is invalid', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action: 'Caller: copy the contentSid (HX…) from the Content Template Builder of this account.',
  }),
  invalidRequest(92007, 'ContentVariables are not valid JSON', {
    seenIn: 'api_response',
    otherChannelHelps: 'yes',
    action: 'Caller: remove empty values and line breaks from contentVariables.',
    note: 'The service writes the JSON itself, so it is the values that Twilio refuses.',
  }),
  contentRejected(92008, 'Content type is no longer supported', {
    seenIn: 'api_response',
    responsible: 'operator',
    otherChannelHelps: 'yes',
    action: 'Operator: create the template again as twilio/call-to-action or twilio/quick-reply.',
    note: SETUP_ONLY,
  }),
  contentRejected(216602, 'Content type is not supported on this channel', {
    seenIn: 'unclear',
    otherChannelHelps: 'yes',
    action: 'Caller: use a contentSid whose type this channel supports, or plain text.',
  }),
  permission(572002, "From is not the trial's number for this recipient", {
    ...TRIAL,
    action: 'Operator: upgrade the trial account, or send from the number that it assigns to the recipient.',
  }),
  permission(572005, 'Recipient is not verified on this trial account', {
    ...TRIAL,
    action: 'Operator: upgrade the trial account, or verify the recipient in the Console.',
  }),
  permission(572006, "Template is not one of the trial's", {
    seenIn: 'api_response',
    scope: 'sender',
    otherChannelHelps: 'no',
    action: 'Operator: upgrade the trial account, or use one of its ready-made templates.',
    note: TRIAL_ONLY,
  }),
  permission(573002, "From is not the trial's number for this call", {
    ...TRIAL,
    action: 'Operator: upgrade the trial account, or call from the number that it assigns to the recipient.',
  }),
  permission(573005, 'Recipient of the call is not verified on this trial account', {
    ...TRIAL,
    action: 'Operator: upgrade the trial account, or verify the recipient in the Console.',
  }),
];
