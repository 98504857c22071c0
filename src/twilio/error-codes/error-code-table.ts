import type { Configuration } from '../../config/configuration.js';
import { CONFIGURATION } from '../../config/configuration.js';
import type { TwilioErrorCodeTable } from './error-code.js';
import { readOverridesFile } from './overrides.file.js';
import { withOverrides } from './overrides.js';
import { TWILIO_ERROR_CODES } from './table.js';

/** Injection token of the table in force: the reviewed rows with the operator's overrides merged in. */
export const ERROR_CODE_TABLE = Symbol('ERROR_CODE_TABLE');

/**
 * Provides {@link ERROR_CODE_TABLE}; the overrides are read once, at start.
 * @throws InvalidErrorCodeOverridesError if TWILIO_ERROR_CODES_FILE cannot be used
 */
export const ERROR_CODE_TABLE_PROVIDER = {
  provide: ERROR_CODE_TABLE,
  inject: [CONFIGURATION],
  useFactory: async ({ env }: Configuration): Promise<TwilioErrorCodeTable> => {
    const file = env.TWILIO_ERROR_CODES_FILE;
    if (file === undefined) return TWILIO_ERROR_CODES;
    return withOverrides(TWILIO_ERROR_CODES, await readOverridesFile(file, TWILIO_ERROR_CODES));
  },
};
