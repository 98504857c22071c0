import { ValidateBy, type ValidationOptions } from 'class-validator';
import { isPhoneNumber } from './phone-number.js';

/** Bytes of serialised metadata at most. */
const METADATA_LIMIT = 8192;

/** Twilio's limits of ContentVariables; facts, section 5. */
const VARIABLES = { most: 100, longestKey: 16, longestValue: 1600 };

/** A number in E.164 that can exist: country code and length are right. Whether it is in use, the provider says. */
export function IsE164(options?: ValidationOptions): PropertyDecorator {
  return rule('isE164', (value) => typeof value === 'string' && isPhoneNumber(value), {
    message: '$property must be a phone number in E.164, such as +4915112345678',
    ...options,
  });
}

/** Text that can be stored: no NUL, no half of a surrogate pair. */
export function IsText(options?: ValidationOptions): PropertyDecorator {
  return rule('isText', (value) => typeof value === 'string' && isStorable(value), {
    message: '$property must be text without NUL characters or broken surrogates',
    ...options,
  });
}

/** ISO 8601 with a date, a time and an offset: a moment, not a local time. */
export function IsMoment(options?: ValidationOptions): PropertyDecorator {
  return rule('isMoment', (value) => typeof value === 'string' && isMoment(value), {
    message: '$property must be a moment in ISO 8601 with its offset, such as 2026-12-01T09:00:00Z',
    ...options,
  });
}

/** A JSON object of at most {@link METADATA_LIMIT} bytes, all of it storable. */
export function IsMetadata(options?: ValidationOptions): PropertyDecorator {
  return rule('isMetadata', (value) => isPlainObject(value) && isStorableJson(value), {
    message: `$property must be an object of at most ${METADATA_LIMIT} bytes`,
    ...options,
  });
}

/** What Twilio takes as ContentVariables: a flat object of texts, none empty, without line breaks. */
export function IsContentVariables(options?: ValidationOptions): PropertyDecorator {
  return rule('isContentVariables', (value) => isPlainObject(value) && areVariables(value), {
    message: `$property must be an object of at most ${VARIABLES.most} texts, none empty or with line breaks`,
    ...options,
  });
}

function rule(name: string, validate: (value: unknown) => boolean, options: ValidationOptions): PropertyDecorator {
  return ValidateBy({ name, validator: { validate } }, options);
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

function isMoment(text: string): boolean {
  if (!MOMENT.test(text)) return false;
  const time = Date.parse(text);
  // Date.parse lets 30 February pass as 2 March.
  return !Number.isNaN(time) && new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(text.slice(0, 10));
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStorableJson(value: object): boolean {
  const json = JSON.stringify(value);
  return json.length <= METADATA_LIMIT && !json.includes('\\u0000') && !/\\ud[89a-f]/i.test(json);
}

function areVariables(value: Record<string, unknown>): boolean {
  const entries = Object.entries(value);
  return (
    entries.length <= VARIABLES.most &&
    entries.every(
      ([key, text]) =>
        key.length <= VARIABLES.longestKey &&
        typeof text === 'string' &&
        text !== '' &&
        text.length <= VARIABLES.longestValue &&
        !/[\r\n]/.test(text) &&
        isStorable(text),
    )
  );
}
