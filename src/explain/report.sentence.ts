import type { Channel } from '../policy/vocabulary.js';
import { clockTime } from './moment.js';

/** The meaning of a call's statuses; a message's statuses speak for themselves. */
const CALL_ENDINGS: Readonly<Record<string, string>> = {
  completed: 'the call was taken, by a person or a machine, and is over',
  busy: 'the line was busy',
  'no-answer': 'nobody took the call',
  failed: 'the call could not be put through',
  canceled: 'the call was canceled at Twilio',
};

/** What a callback said, as the beginning of a sentence. Pure. */
export function reportSentence(channel: Channel | undefined, status: string, at: Date): string {
  const ending = channel === 'voice' && Object.hasOwn(CALL_ENDINGS, status) ? CALL_ENDINGS[status] : undefined;
  const time = clockTime(at, at);
  return ending === undefined
    ? `Twilio reported it ${status} on ${channel} at ${time}`
    : `Twilio reported at ${time} that ${ending}`;
}
