import { maxLength } from 'class-validator';
import { parameter, repeatedParameter, type FormParameters } from './form.parameters.js';
import { SMS_FROM, SMS_TO, TEST_SENDER, WHATSAPP_SANDBOX_SENDER } from './magic-numbers.js';
import { bareNumber, isCallbackUrl, isE164, isSmsSender, isWhatsApp } from './phone.address.js';
import { isSid } from './sid.js';
import { TwilioError } from './twilio-error.js';

const MAX_BODY = 1600;
const MAX_MEDIA = 10;
/** How far ahead a message may be scheduled. */
const SCHEDULE_WINDOW_MS = { from: 300_000, to: 35 * 24 * 3_600_000 } as const;

/** A valid request to POST Messages.json. */
export interface MessageOrder {
  readonly to: string;
  readonly from: string | null;
  readonly messagingServiceSid: string | null;
  readonly body: string;
  readonly mediaUrls: readonly string[];
  readonly statusCallback: string | null;
  readonly scheduled: boolean;
}

/**
 * Reads and validates a message's parameters as Twilio does.
 * @param now milliseconds since the epoch
 * @throws TwilioError with Twilio's code
 */
export function readMessageOrder(parameters: FormParameters, strictSenders: boolean, now: number): MessageOrder {
  const to = parameter(parameters, 'To');
  const from = parameter(parameters, 'From');
  const messagingServiceSid = parameter(parameters, 'MessagingServiceSid');
  if (to === null) throw new TwilioError(21604);
  if (from === null && messagingServiceSid === null) throw new TwilioError(21603);
  if (messagingServiceSid !== null && !isSid('MG', messagingServiceSid)) throw new TwilioError(21701);

  const mediaUrls = readMediaUrls(parameters);
  const body = readBody(parameters, mediaUrls);
  const statusCallback = parameter(parameters, 'StatusCallback');
  if (statusCallback !== null && !isCallbackUrl(statusCallback)) throw new TwilioError(21609, { url: statusCallback });

  if (from !== null && isWhatsApp(from) !== isWhatsApp(to)) throw new TwilioError(21910);
  if (!isE164(bareNumber(to))) throw new TwilioError(21211, { to });
  if (from !== null) refuseForeignSender(from, strictSenders);
  if (!isWhatsApp(to)) refuseTestNumbers(to, from);

  const scheduled = readSchedule(parameters, messagingServiceSid, now);
  return { to, from, messagingServiceSid, body, mediaUrls, statusCallback, scheduled };
}

function readMediaUrls(parameters: FormParameters): readonly string[] {
  const mediaUrls = repeatedParameter(parameters, 'MediaUrl');
  if (mediaUrls.length > MAX_MEDIA) throw new TwilioError(21623);
  if (!mediaUrls.every((url) => URL.canParse(url))) throw new TwilioError(21620);
  return mediaUrls;
}

function readBody(parameters: FormParameters, mediaUrls: readonly string[]): string {
  const contentSid = parameter(parameters, 'ContentSid');
  if (contentSid !== null) return renderContent(contentSid, parameter(parameters, 'ContentVariables'));
  const body = parameter(parameters, 'Body');
  if (body === null && mediaUrls.length === 0) throw new TwilioError(21619);
  if (body !== null && !maxLength(body, MAX_BODY)) throw new TwilioError(21617);
  return body ?? '';
}

/** The template's text is not known here, so its sid and its values, in order, stand in for it. */
function renderContent(contentSid: string, contentVariables: string | null): string {
  if (!isSid('HX', contentSid)) throw new TwilioError(21655);
  if (contentVariables === null) return `Content ${contentSid}`;
  return `Content ${contentSid}: ${readContentVariables(contentVariables).join(' ')}`;
}

function readContentVariables(text: string): string[] {
  let variables: unknown;
  try {
    variables = JSON.parse(text);
  } catch {
    throw new TwilioError(21656);
  }
  if (typeof variables !== 'object' || variables === null || Array.isArray(variables)) throw new TwilioError(21656);
  return Object.values(variables).map((value: unknown) => {
    if (typeof value !== 'string' || value === '' || /[\r\n]/.test(value)) throw new TwilioError(21656);
    return value;
  });
}

function refuseForeignSender(from: string, strictSenders: boolean): void {
  if (isWhatsApp(from)) {
    const owned = strictSenders ? bareNumber(from) === WHATSAPP_SANDBOX_SENDER : isE164(bareNumber(from));
    if (!owned) throw new TwilioError(63007);
    return;
  }
  if (!isSmsSender(from)) throw new TwilioError(21212, { from });
  const testCode = SMS_FROM.get(from);
  if (testCode !== undefined) throw new TwilioError(testCode, { from });
  if (strictSenders && from !== TEST_SENDER) throw new TwilioError(21606, { from });
}

function refuseTestNumbers(to: string, from: string | null): void {
  const code = SMS_TO.get(to);
  if (code !== undefined) throw new TwilioError(code, { to, from: from ?? '' });
}

function readSchedule(parameters: FormParameters, messagingServiceSid: string | null, now: number): boolean {
  const sendAt = parameter(parameters, 'SendAt');
  if (parameter(parameters, 'ScheduleType') !== 'fixed') return false;
  if (messagingServiceSid === null) throw new TwilioError(35118);
  if (sendAt === null) throw new TwilioError(35111);
  const ahead = Date.parse(sendAt) - now;
  if (!(ahead >= SCHEDULE_WINDOW_MS.from && ahead <= SCHEDULE_WINDOW_MS.to)) throw new TwilioError(35114);
  return true;
}
