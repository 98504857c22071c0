import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsNotEmpty,
  IsOptional,
  isURL,
  MaxLength,
  maxLength,
  ValidateBy,
  type ValidationOptions,
} from 'class-validator';
import { isPhoneNumber } from './phone-number.js';

/** The limits of serialised metadata: bytes and depth of nesting. */
export const METADATA = { longest: 8192, deepest: 100 };

/** The most names in a search by metadata. */
export const MOST_METADATA_FILTERS = 20;

/** The most characters of an operator's note on a command. */
export const LONGEST_NOTE = 2000;

/** Twilio's limits of ContentVariables; facts, section 5. */
export const VARIABLES = { most: 100, longestKey: 16, longestValue: 1600 };

/** The most characters of a web address. */
export const LONGEST_ADDRESS = 2084;
const WEB_ADDRESS = {
  protocols: ['http', 'https'],
  require_protocol: true,
  require_tld: false,
  max_allowed_length: LONGEST_ADDRESS,
};

/** A number in E.164 that can exist: its country code and length are valid. Only the provider knows if it is in use. */
export function IsE164(options?: ValidationOptions): PropertyDecorator {
  return rule('isE164', (value) => typeof value === 'string' && isPhoneNumber(value), {
    message: hinting(/^ \d+$/, '$property must be a phone number in E.164, such as +4915112345678'),
    ...options,
  });
}

/** Text that can be stored: no NUL, no lone surrogate. */
export function IsText(options?: ValidationOptions): PropertyDecorator {
  return rule('isText', (value) => typeof value === 'string' && isStorable(value), {
    message: '$property must be text without NUL characters or broken surrogates',
    ...options,
  });
}

/** Text that may be absent or null, but not empty; in OpenAPI too. */
export function OptionalText(
  longest: number,
  documented: { readonly description?: string; readonly example?: string } = {},
): PropertyDecorator {
  // From last to first, as decorators above a property are applied: field-errors.ts tells errors in the reverse order.
  return applyDecorators(
    MaxLength(longest),
    IsNotEmpty(),
    IsText(),
    IsOptional(),
    ApiPropertyOptional({ type: String, minLength: 1, maxLength: longest, ...documented }),
  );
}

/**
 * An address from which Twilio fetches something, and which can be stored: isURL accepts NUL and lone surrogates. It
 * refuses underscores in a host, which Twilio does not take either, at least for its callbacks (21609).
 */
export function IsWebAddress(options?: ValidationOptions): PropertyDecorator {
  return rule('isWebAddress', (value) => typeof value === 'string' && isURL(value, WEB_ADDRESS) && isStorable(value), {
    message: `${options?.each ? 'each value in ' : ''}$property must be an http or https address of at most ${LONGEST_ADDRESS} characters, its host without underscores`,
    ...options,
  });
}

/** ISO 8601 with a date, a time and an offset: a moment, not a local time, and one that PostgreSQL can read. */
export function IsMoment(options?: ValidationOptions): PropertyDecorator {
  return rule('isMoment', (value) => typeof value === 'string' && isMoment(value), {
    message: hinting(
      / [\d:]+$/,
      '$property must be a moment in ISO 8601 with its offset, such as 2026-12-01T09:00:00Z',
    ),
    ...options,
  });
}

/** A JSON object within the limits of {@link METADATA}, all of it storable. */
export function IsMetadata(options?: ValidationOptions): PropertyDecorator {
  return rule('isMetadata', (value) => isPlainObject(value) && isStorableJson(value), {
    message: `$property must be an object of at most ${METADATA.longest} bytes, nested at most ${METADATA.deepest} deep, of text without NUL characters and numbers below 1e309`,
    ...options,
  });
}

/** Metadata as written in a query: `?metadata[name]=text`, one level deep, each name once. */
export function IsMetadataFilter(options?: ValidationOptions): PropertyDecorator {
  return rule('isMetadataFilter', (value) => isPlainObject(value) && isMetadataFilter(value), {
    message: `$property must be written as metadata[name]=text, without further brackets, each name once, ${MOST_METADATA_FILTERS} at most`,
    ...options,
  });
}

/**
 * What Twilio takes as ContentVariables: a flat object of texts, none empty, without line breaks; all of it storable.
 */
export function IsContentVariables(options?: ValidationOptions): PropertyDecorator {
  return rule('isContentVariables', (value) => isPlainObject(value) && areVariables(value), {
    message: `$property must be an object of at most ${VARIABLES.most} texts, none empty or with line breaks, NUL characters or broken surrogates`,
    ...options,
  });
}

/** A plus in a query arrives as a blank: nobody who sent the plus would guess that. */
function hinting(withBlank: RegExp, message: string): NonNullable<ValidationOptions['message']> {
  return ({ value }) => {
    const isBlankForPlus = typeof value === 'string' && withBlank.test(value);
    return isBlankForPlus ? `${message}; in a query, + is written as %2B` : message;
  };
}

function rule(name: string, validate: (value: unknown) => boolean, options: ValidationOptions): PropertyDecorator {
  return ValidateBy({ name, validator: { validate } }, options);
}

/** Whether PostgreSQL can hold the text. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

// PostgreSQL has no year 0 and reads offsets up to 15:59.
const MOMENT = /^(?!0000)\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-](0\d|1[0-5]):[0-5]\d)$/;

/** See {@link IsMoment}. */
export function isMoment(text: string): boolean {
  if (!MOMENT.test(text)) return false;
  const moment = new Date(text);
  // The offset may move it out of the four-digit years, where ISO 8601 and PostgreSQL differ.
  const year = moment.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) return false;
  // Date reads 30 February as 2 March.
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStorableJson(value: object): boolean {
  const json = JSON.stringify(value);
  // Most are far smaller, and a character takes at most three bytes.
  if (json.length * 3 > METADATA.longest && Buffer.byteLength(json) > METADATA.longest) return false;
  // Infinity (1e999 is read as such) is written as null, what cannot be stored as an escape, and every level takes two
  // brackets: most values need no second look.
  const isPlain = !json.includes('null') && !json.includes('\\u') && json.length <= 2 * METADATA.deepest;
  return isPlain || holdsOnlyStorable(value, METADATA.deepest);
}

function isMetadataFilter(value: Record<string, unknown>): boolean {
  const entries = Object.entries(value);
  return (
    entries.length > 0 &&
    entries.length <= MOST_METADATA_FILTERS &&
    entries.every(([name, text]) => isStorable(name) && typeof text === 'string' && isStorable(text))
  );
}

function holdsOnlyStorable(value: unknown, levels: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return isStorable(value);
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) return value.every((element) => holdsOnlyStorable(element, levels - 1));
  return Object.entries(value).every(([name, element]) => isStorable(name) && holdsOnlyStorable(element, levels - 1));
}

function areVariables(value: Record<string, unknown>): boolean {
  const entries = Object.entries(value);
  return (
    entries.length <= VARIABLES.most &&
    entries.every(
      ([key, text]) =>
        maxLength(key, VARIABLES.longestKey) &&
        isStorable(key) &&
        typeof text === 'string' &&
        text !== '' &&
        maxLength(text, VARIABLES.longestValue) &&
        !/[\r\n]/.test(text) &&
        isStorable(text),
    )
  );
}
