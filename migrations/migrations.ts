import { Core1763800000000 } from './1763800000000-core.js';
import { Incidents1763800100000 } from './1763800100000-incidents.js';

/** Every migration, oldest first. Named one by one, so that source and build run the same ones. */
export const MIGRATIONS = [Core1763800000000, Incidents1763800100000];
