import { CATEGORIES } from '../policy/vocabulary.js';
import { PRIORITY, STANDS_BACK_SECONDS } from './work.js';

const BY_PRIORITY = CATEGORIES.toSorted((a, b) => PRIORITY[a] - PRIORITY[b]);

/** For a FROM clause: every priority there is, as `p.priority`. */
export const EACH_PRIORITY = `generate_series(0, ${BY_PRIORITY.length - 1}) AS p (priority)`;

/** For a row with a priority: how far its category stands back, as an interval. */
export const STANDS_BACK = `(ARRAY[${BY_PRIORITY.map((category) => STANDS_BACK_SECONDS[category]).join(', ')}])[priority + 1] * interval '1 second'`;
