import type { TwilioErrorCode } from './twilio-error.js';

/** The test number that Twilio always accepts as a sender. */
export const TEST_SENDER = '+15005550006';
/** The sender of Twilio's WhatsApp sandbox. */
export const WHATSAPP_SANDBOX_SENDER = '+14155238886';

/** Maps, not objects: looking up thousands of different numbers a second in an object would intern each of them. */
type Refusals = ReadonlyMap<string, TwilioErrorCode>;

/**
 * Twilio's own test numbers and the codes they are refused with.
 * Source: https://www.twilio.com/docs/iam/test-credentials
 */
export const SMS_FROM: Refusals = new Map<string, TwilioErrorCode>([
  ['+15005550001', 21212],
  ['+15005550007', 21606],
  ['+15005550008', 21611],
]);
export const SMS_TO: Refusals = new Map<string, TwilioErrorCode>([
  ['+15005550001', 21211],
  ['+15005550002', 21612],
  ['+15005550003', 21408],
  ['+15005550004', 21610],
  ['+15005550009', 21614],
]);
export const CALL_FROM: Refusals = new Map<string, TwilioErrorCode>([['+15005550001', 21212]]);
export const CALL_TO: Refusals = new Map<string, TwilioErrorCode>([
  ['+15005550001', 21217],
  ['+15005550002', 21214],
  ['+15005550003', 21215],
  ['+15005550004', 21216],
]);
