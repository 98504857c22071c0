import { CALL_EVENTS, type CallEvent } from './call.record.js';
import { parameter, repeatedParameter, type FormParameters } from './form.parameters.js';
import { CALL_FROM, CALL_TO, TEST_SENDER } from './magic-numbers.js';
import { isCallbackUrl, isE164 } from './phone.address.js';
import { TwilioError } from './twilio-error.js';

/** A valid request to POST Calls.json. */
export interface CallOrder {
  readonly to: string;
  readonly from: string;
  readonly url: string | null;
  readonly twiml: string | null;
  readonly statusCallback: string | null;
  readonly events: ReadonlySet<CallEvent>;
}

/** Reads and validates a call's parameters as Twilio does. @throws TwilioError with Twilio's code */
export function readCallOrder(parameters: FormParameters, strictSenders: boolean): CallOrder {
  const to = parameter(parameters, 'To');
  const from = parameter(parameters, 'From');
  if (to === null) throw new TwilioError(21201);
  if (from === null) throw new TwilioError(21213);

  const url = parameter(parameters, 'Url');
  const twiml = parameter(parameters, 'Twiml');
  const applicationSid = parameter(parameters, 'ApplicationSid');
  if (url === null && twiml === null && applicationSid === null) throw new TwilioError(21205);
  if (url !== null && !URL.canParse(url)) throw new TwilioError(21205);

  const statusCallback = parameter(parameters, 'StatusCallback');
  if (statusCallback !== null && !isCallbackUrl(statusCallback)) throw new TwilioError(21609, { url: statusCallback });
  const events = readEvents(parameters);

  refuseNumbers(to, from, strictSenders);
  return { to, from, url, twiml, statusCallback, events };
}

/** The parameter may be repeated, or hold several values separated by spaces. */
function readEvents(parameters: FormParameters): ReadonlySet<CallEvent> {
  const named = repeatedParameter(parameters, 'StatusCallbackEvent').flatMap((value) => value.split(/\s+/));
  const events = named.map((name) => {
    const event = CALL_EVENTS.find((candidate) => candidate === name);
    if (event === undefined) throw new TwilioError(21626, { event: name });
    return event;
  });
  return new Set(events.length === 0 ? ['completed'] : events);
}

function refuseNumbers(to: string, from: string, strictSenders: boolean): void {
  if (!isE164(from)) throw new TwilioError(21212, { from });
  const fromCode = CALL_FROM.get(from);
  if (fromCode !== undefined) throw new TwilioError(fromCode, { from });
  if (strictSenders && from !== TEST_SENDER) throw new TwilioError(21210, { from });
  if (/^(sip|client):/.test(to)) return;
  if (!isE164(to)) throw new TwilioError(21211, { to });
  const toCode = CALL_TO.get(to);
  if (toCode !== undefined) throw new TwilioError(toCode, { to });
}
