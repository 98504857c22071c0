/** Notes shared by several rows, so that they are worded once. */

/** For codes that may both answer a request and end something accepted: a sentence that fits both. */
export const TRIED_AGAIN =
  'what Twilio refused is tried again; what it had accepted goes to the next channel, or waits in the review queue.';

export const SENDER_IS_CONFIGURATION = 'The sender is configuration of the service, not something a caller chooses.';

export const SET_BY_SERVICE = 'The service sets this part of the request itself; a caller cannot cause it.';

export const NEVER_SENT = 'The service does not use this parameter, so the code should not be seen.';

export const SETUP_ONLY = 'Answers set-up work in the Console or the API, never a send.';

export const DEBUGGER_ONLY =
  "An alert in Twilio's debugger about a URL that Twilio called; the message or call itself is not failed by it.";

export const TRIAL_ONLY = 'Only on trial accounts.';

export const INBOUND_ONLY = 'About incoming traffic, never the result of a send.';

export const SIP_ONLY = 'Only where calls go over SIP; the service itself calls phone numbers.';

export const OUT_OF_FUNDS_OR_SUSPENDED =
  'No key is wrong, yet the cure is that of `authentication`: nothing of this account can go out until the operator acts, so work is held instead of failed.';
