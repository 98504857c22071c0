import type { Type } from '@nestjs/common';
import { defaultMetadataStorage as transformations } from 'class-transformer/cjs/storage.js';
import { ARRAY_MAX_SIZE, getMetadataStorage, IS_OBJECT, type MetadataStorage } from 'class-validator';

/** A property of a request that its DTO does not know. */
export interface UnknownProperty {
  /** JSON pointer of the object that has it; '' is the whole request. */
  readonly holder: string;
  readonly name: string;
  /** The names that the DTO knows. */
  readonly known: readonly string[];
}

/** A request's data, as an instance of its DTO. */
export interface DtoReading<Dto> {
  /** Holds only what the DTO knows; not validated yet. */
  readonly instance: Dto;
  readonly unknown: readonly UnknownProperty[];
}

/** How a value is read: as it is, as a number (queries hold only text), or as a DTO of its own. */
type Conversion = 'none' | 'number' | Type<object>;

interface Field {
  readonly conversion: Conversion;
  /**
   * How many elements of a list are read: what its rules need in order to refuse it. class-validator would look at every
   * element, and a body has room for a million.
   */
  readonly mostElements: number;
}

/** The properties of a DTO are those that have a rule. */
interface Shape {
  readonly names: readonly string[];
  readonly fields: ReadonlyMap<string, Field>;
}

type Rule = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];

/** A number as a query writes it; not `0x10`, `1e1` or empty text. */
const DIGITS = /^\d+$/;

const SHAPES = new WeakMap<object, Shape>();

/**
 * Reads a request's data into an instance of a DTO. That is what class-transformer does for `@Type`, the only one of
 * its decorators that DTOs have here. But it compares every name with every other (some ten thousand of them block the
 * process for seconds), ignores names that all objects inherit (`constructor`, `toString`), known or not, and copies
 * what needs no conversion, at ten times the cost of the rest.
 */
export function readDto<Dto extends object>(type: Type<Dto>, given: object): DtoReading<Dto> {
  const unknown: UnknownProperty[] = [];
  return { instance: instanceOf(type, given, '', unknown), unknown };
}

function instanceOf<Dto extends object>(
  type: Type<Dto>,
  given: object,
  holder: string,
  unknown: UnknownProperty[],
): Dto {
  const { names, fields } = shapeOf(type);
  const read: Record<string, unknown> = {};
  for (const [name, whole] of Object.entries(given)) {
    const field = fields.get(name);
    if (field === undefined) {
      unknown.push({ holder, name, known: names });
      continue;
    }
    const value = shortened(whole, field);
    const { conversion } = field;
    read[name] = conversion === 'none' ? value : converted(conversion, value, `${holder}/${name}`, unknown);
  }
  return Object.assign(new type(), read);
}

function shortened(value: unknown, { mostElements }: Field): unknown {
  return Array.isArray(value) && value.length > mostElements ? value.slice(0, mostElements) : value;
}

/** A value that does not fit stays as it is: the rules of its field refuse it. */
function converted(
  conversion: Exclude<Conversion, 'none'>,
  value: unknown,
  pointer: string,
  unknown: UnknownProperty[],
): unknown {
  if (conversion === 'number') return typeof value === 'string' && DIGITS.test(value) ? Number(value) : value;
  const nested = (element: unknown, at: string) =>
    isObject(element) ? instanceOf(conversion, element, at, unknown) : element;
  return Array.isArray(value)
    ? value.map((element: unknown, index) => nested(element, `${pointer}/${index}`))
    : nested(value, pointer);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shapeOf(type: Type): Shape {
  const known = SHAPES.get(type);
  if (known) return known;
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const names = [...new Set(rules.map(({ propertyName }) => propertyName))];
  const fieldOf = (name: string): Field => ({
    conversion: conversionOf(type, name),
    mostElements: Math.min(...rules.filter(({ propertyName }) => propertyName === name).map(mostElementsFor)),
  });
  const shape = { names, fields: new Map(names.map((name) => [name, fieldOf(name)])) };
  SHAPES.set(type, shape);
  return shape;
}

/** How many elements a rule needs in order to refuse a list for its length, or for being a list. */
function mostElementsFor({ name, constraints, each }: Rule): number {
  if (each) return Infinity;
  if (name === IS_OBJECT) return 0;
  return name === ARRAY_MAX_SIZE ? Number(constraints[0]) + 1 : Infinity;
}

function conversionOf(type: Type, name: string): Conversion {
  const wanted = transformations.findTypeMetadata(type, name)?.typeFunction();
  if (wanted === undefined) return 'none';
  if (wanted === Number) return 'number';
  if (isClass(wanted)) return wanted;
  throw new Error(`${type.name}.${name} is to be converted to what is neither a number nor a DTO`);
}

function isClass(wanted: Function): wanted is Type<object> {
  return wanted.prototype !== undefined && wanted !== String && wanted !== Boolean && wanted !== Date;
}
