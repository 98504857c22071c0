import type { Work } from '../outbox/work.js';
import { addressOn, isMessagingService } from '../policy/address.js';
import type { Channel } from '../policy/vocabulary.js';
import type { CallRequest, MessageRequest } from '../twilio/twilio.requests.js';
import type { TwilioResource } from '../twilio/resource.js';
import { textOn } from './content.js';
import { contentOf, recipientOf } from './corrected.js';
import { twimlSaying } from './twiml.js';

/** The request to the provider. */
export type ProviderRequest =
  | { readonly resource: 'message'; readonly fields: MessageRequest }
  | { readonly resource: 'call'; readonly fields: CallRequest };

export interface ComposeOptions {
  /** Where Twilio reaches this service, without a trailing slash. */
  readonly publicUrl: string;
  /** Twilio's connection overrides for callbacks, such as `rc=5&rp=all`; empty for none. */
  readonly callbackOverrides: string;
  /** The database's time. */
  readonly now: Date;
}

/** The longest Twilio holds a message, in seconds; facts: ValidityPeriod 1..36000. */
const LONGEST_VALIDITY_S = 36_000;

/** Composes the request for a delivery's attempt, in Twilio's own fields. */
export function compose(work: Work, options: ComposeOptions): ProviderRequest {
  return COMPOSERS[work.channel](work, options);
}

const COMPOSERS = {
  sms: (work, options) => {
    const content = contentOf(work);
    return {
      resource: 'message',
      fields: {
        ...addressed(work),
        ...text(textOn('sms', content)),
        ...media(content.sms?.mediaUrls),
        ...common(work, options),
      },
    };
  },
  whatsapp: (work, options) => {
    const content = contentOf(work);
    const { whatsapp } = content;
    return {
      resource: 'message',
      fields: {
        ...addressed(work),
        // A template takes neither a body nor media with it (Twilio 63030).
        ...(whatsapp?.contentSid
          ? template(whatsapp.contentSid, whatsapp.contentVariables)
          : { ...text(textOn('whatsapp', content)), ...media(whatsapp?.mediaUrls) }),
        ...common(work, options),
      },
    };
  },
  voice: (work, options) => {
    const content = contentOf(work);
    const { voice } = content;
    return {
      resource: 'call',
      fields: {
        To: recipientOf(work),
        From: work.sender,
        ...(voice?.url ? { Url: voice.url } : { Twiml: voice?.twiml ?? twimlSaying(textOn('voice', content) ?? '') }),
        StatusCallback: callbackUrl('call', work.attemptId, options),
        StatusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
      },
    };
  },
} as const satisfies Record<Channel, (work: Work, options: ComposeOptions) => ProviderRequest>;

function addressed(work: Work): Pick<MessageRequest, 'To' | 'From' | 'MessagingServiceSid'> {
  const { channel, sender } = work;
  return {
    To: addressOn(channel, recipientOf(work)),
    ...(isMessagingService(sender) ? { MessagingServiceSid: sender } : { From: addressOn(channel, sender) }),
  };
}

function text(body: string | undefined): Pick<MessageRequest, 'Body'> {
  return body === undefined || body === '' ? {} : { Body: body };
}

function media(urls: readonly string[] | null | undefined): Pick<MessageRequest, 'MediaUrl'> {
  return urls?.length ? { MediaUrl: urls } : {};
}

function template(contentSid: string, variables: Readonly<Record<string, string>> | null | undefined) {
  return { ContentSid: contentSid, ...(variables ? { ContentVariables: JSON.stringify(variables) } : {}) };
}

function common(work: Work, options: ComposeOptions): Pick<MessageRequest, 'StatusCallback' | 'ValidityPeriod'> {
  const secondsLeft = work.expiresAt ? Math.ceil((work.expiresAt.getTime() - options.now.getTime()) / 1000) : Infinity;
  return {
    StatusCallback: callbackUrl('message', work.attemptId, options),
    // A code that arrives after its expiry confuses more than it helps, so Twilio is told to stop trying then.
    ...(secondsLeft <= LONGEST_VALIDITY_S ? { ValidityPeriod: Math.max(1, secondsLeft) } : {}),
  };
}

/** Contains the attempt's id, so that a callback shows which attempt was accepted even if its answer never came. */
function callbackUrl(kind: TwilioResource, attemptId: string, options: ComposeOptions): string {
  const overrides = options.callbackOverrides ? `#${options.callbackOverrides}` : '';
  return `${options.publicUrl}/callbacks/twilio/${kind}/${attemptId}${overrides}`;
}
