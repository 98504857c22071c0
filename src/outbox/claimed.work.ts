import type { Channel } from '../policy/vocabulary.js';
import type { Work } from './work.js';

/** Fields that most work has in common: a first attempt of a first delivery that nothing held up. */
type Course = Pick<
  Work,
  | 'stage'
  | 'attemptNumber'
  | 'retries'
  | 'waitedMs'
  | 'lookups'
  | 'exhausted'
  | 'possibleDuplicate'
  | 'probe'
  | 'releasedBy'
>;

export const FIRST_ATTEMPT = {
  stage: 'send',
  attemptNumber: 1,
  retries: 0,
  waitedMs: 0,
  lookups: 0,
  exhausted: false,
  possibleDuplicate: false,
  probe: false,
  releasedBy: null,
} as const satisfies Course;

/** A row of the claim's answer: what is as usual is not said, since reading it was a third of what a claim costs Node. */
export type ClaimedRow = Omit<Work, keyof Course | 'channels' | 'leaseToken'> & {
  /** Separated by commas. */
  readonly channels: string;
  /** Null where it is {@link FIRST_ATTEMPT}. */
  readonly course: Course | null;
};

export function claimedWork({ channels, course, ...row }: ClaimedRow, leaseToken: string): Work {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the database checks their names
  return { ...row, channels: channels.split(',') as Channel[], ...(course ?? FIRST_ATTEMPT), leaseToken };
}
