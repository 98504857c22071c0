import type { ArgumentMetadata, PipeTransform, Type } from '@nestjs/common';
import { validateSync } from 'class-validator';
import { readDto } from './dto.reading.js';
import { fieldErrors } from './field-errors.js';
import { invalidFields, Problem } from '../problems/problem.js';
import { isValidAtOnce } from './valid-at-once.js';

/** Unknown properties are found when a DTO is read; the whitelist is for objects that no DTO reads. */
const RULES = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false } as const;

/** Parameters of these types have no fields to check. */
const PLAIN_TYPES: ReadonlySet<unknown> = new Set([String, Number, Boolean, Array, Object, Date, Buffer]);

/**
 * Checks bodies and queries against their class-validator DTOs and passes on an instance. Unknown properties are
 * refused. Nest's own ValidationPipe does the same at several times the cost: it walks every value several more times,
 * for decoders and transports that are not used here, and builds an error tree even for requests without an error.
 */
export class ValidationPipe implements PipeTransform<unknown, unknown> {
  /** @throws Problem `validation-failed` naming every bad field. */
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type === 'custom' || !metatype || PLAIN_TYPES.has(metatype)) return value;
    return this.check(value ?? {}, metatype);
  }

  /**
   * Checks a value that is not a parameter of a route, such as an item of a batch, against a DTO.
   * @throws Problem `validation-failed` naming every bad field.
   */
  check<Dto extends object>(given: unknown, type: Type<Dto>): Dto {
    if (!isRecord(given)) {
      throw new Problem('validation-failed', {
        detail: 'The body must be a JSON object.',
        errors: [{ pointer: '', detail: 'must be an object' }],
      });
    }
    try {
      return checked(given, type);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new Problem('validation-failed', {
        detail: 'The body is nested too deeply.',
        errors: [{ pointer: '', detail: 'nested too deeply' }],
        cause: error,
      });
    }
  }
}

/** @throws RangeError for a value that is nested too deeply to be walked */
function checked<Dto extends object>(given: object, type: Type<Dto>): Dto {
  const { instance, unknown } = readDto(type, given);
  if (unknown.length === 0 && isValidAtOnce(instance)) return instance;
  const errors = fieldErrors(validateSync(instance, RULES), unknown);
  if (errors.length === 0) return instance;
  throw invalidFields(errors);
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
