/** Twilio's refusals by code: the HTTP status and the message of the error body. `{x}` is filled in. */
const TWILIO_ERRORS = {
  20001: { status: 400, message: 'Invalid parameter' },
  20003: { status: 401, message: 'Authenticate' },
  20403: { status: 403, message: 'Forbidden' },
  20404: { status: 404, message: 'The requested resource {resource} was not found' },
  20429: { status: 429, message: 'Too Many Requests' },
  20500: { status: 500, message: 'An internal server error has occurred' },
  20503: { status: 503, message: 'The service is unavailable. Please try again.' },
  21201: { status: 400, message: "No 'To' number is specified" },
  21205: { status: 400, message: 'Url parameter is required.' },
  21210: { status: 400, message: 'The source phone number provided, {from}, is not yet verified for your account.' },
  21211: { status: 400, message: "The 'To' number {to} is not a valid phone number." },
  21212: {
    status: 400,
    message: "The 'From' number {from} is not a valid phone number, shortcode, or alphanumeric sender ID.",
  },
  21213: { status: 400, message: "No 'From' number is specified" },
  21214: { status: 400, message: 'The phone number you are attempting to call, {to}, cannot be reached.' },
  21215: {
    status: 400,
    message: 'Account not authorized to call {to}. Perhaps you need to enable some international permissions.',
  },
  21216: { status: 400, message: 'Account not allowed to call {to}.' },
  21217: { status: 400, message: 'The phone number you are attempting to call, {to}, is not valid.' },
  21408: {
    status: 400,
    message: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}.",
  },
  21603: { status: 400, message: "A 'From' phone number is required." },
  21604: { status: 400, message: "A 'To' phone number is required." },
  21606: {
    status: 400,
    message:
      'The From phone number {from} is not a valid, SMS-capable inbound phone number or short code for your account.',
  },
  21609: { status: 400, message: 'The StatusCallback URL {url} is not a valid URL.' },
  21610: { status: 400, message: 'Attempt to send to unsubscribed recipient' },
  21611: { status: 429, message: 'SMS queue is full.' },
  21612: {
    status: 400,
    message: "The 'To' phone number: {to}, is not currently reachable using the 'From' phone number: {from} via SMS.",
  },
  21614: { status: 400, message: 'To number: {to}, is not a mobile number' },
  21617: { status: 400, message: 'The concatenated message body exceeds the 1600 character limit' },
  21619: { status: 400, message: 'A text message body or media urls must be specified.' },
  21620: { status: 400, message: 'Invalid media URL(s)' },
  21623: { status: 400, message: 'Number of media files exceeds allowed limit' },
  21626: { status: 400, message: 'Invalid StatusCallbackEvent: {event}' },
  21655: { status: 400, message: 'The ContentSid is Invalid' },
  21656: { status: 400, message: 'The Content Variables parameter is invalid.' },
  21701: { status: 404, message: 'The Messaging Service does not exist' },
  21910: { status: 400, message: 'Invalid From and To pair. From and To should be of the same channel' },
  30003: { status: 400, message: 'Unreachable destination handset' },
  30007: { status: 400, message: 'Message filtered' },
  30008: { status: 400, message: 'Unknown error' },
  30409: { status: 400, message: 'Message can no longer be canceled' },
  35111: { status: 400, message: 'SendAt is missing' },
  35114: { status: 400, message: 'SendAt is outside the allowed window' },
  35118: { status: 400, message: 'MessagingServiceSid is required to schedule a message' },
  63003: { status: 400, message: 'Channel could not find To address' },
  63007: { status: 400, message: 'Twilio could not find a Channel with the specified From address' },
  63016: {
    status: 400,
    message:
      'Failed to send freeform message because you are outside the allowed window. If you are using WhatsApp, please use a Message Template.',
  },
  63024: { status: 400, message: 'Invalid message recipient' },
  63038: { status: 429, message: 'Account exceeded the daily messages limit' },
} as const satisfies Record<number, { status: number; message: string }>;

export type TwilioErrorCode = keyof typeof TWILIO_ERRORS;

/** The code that Twilio gives if only the HTTP status is known. */
const CODE_BY_STATUS: Readonly<Record<number, TwilioErrorCode>> = {
  400: 20001,
  401: 20003,
  403: 20403,
  404: 20404,
  429: 20429,
  500: 20500,
  503: 20503,
};

/** A refusal by the simulated Twilio, answered with `{ code, message, more_info, status }`. */
export class TwilioError extends Error {
  override readonly name = 'TwilioError';
  readonly status: number;

  constructor(
    readonly code: TwilioErrorCode,
    details: Readonly<Record<string, string>> = {},
  ) {
    const { status, message } = TWILIO_ERRORS[code];
    super(message.replaceAll(/\{(\w+)\}/g, (_, name: string) => details[name] ?? ''));
    this.status = status;
  }
}

/** The error body of the 2010 API. A null code is left out. */
export function errorBody(status: number, code: number | null, message: string): string {
  if (code === null) return JSON.stringify({ message, status });
  return JSON.stringify({ code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
}

export function codeOfStatus(status: number): number | null {
  return CODE_BY_STATUS[status] ?? null;
}

export function messageOfCode(code: number | null): string | null {
  const known: Readonly<Record<number, { message: string } | undefined>> = TWILIO_ERRORS;
  return code === null ? null : (known[code]?.message.replaceAll(/\{\w+\}/g, '') ?? `Error ${code}`);
}
