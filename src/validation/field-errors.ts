import type { ValidationError } from 'class-validator';
import { getMetadataStorage } from 'class-validator';
import { closestName } from './closest-name.js';
import type { FieldError } from '../problems/problem.js';
import type { UnknownProperty } from './dto.reading.js';

/** A response names every bad field, but no more than this many. */
const MOST_ERRORS = 100;
const LONGEST_NAME = 200;
/** More unknown names than this are not typing mistakes, and comparing each with all known ones is expensive. */
const MOST_GUESSES = 10;

/** The name of class-validator's own constraint. */
const NOT_AN_OBJECT = 'nestedValidation';

/** Every bad field of class-validator's error tree, elements of lists included, each under its JSON pointer. */
export function fieldErrors(tree: readonly ValidationError[], unknown: readonly UnknownProperty[]): FieldError[] {
  const found: FieldError[] = [];
  collect(tree, '', found);
  const told = unknown.slice(0, MOST_ERRORS - found.length);
  return [...told.map((property, index) => unknownProperty(property, index < MOST_GUESSES)), ...found];
}

/** One step of a JSON pointer, with RFC 6901's escapes. */
export function pointerStep(name: string): string {
  return `/${name.slice(0, LONGEST_NAME).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function collect(tree: readonly ValidationError[], parent: string, found: FieldError[]): void {
  for (const error of tree) {
    if (found.length >= MOST_ERRORS) return;
    const pointer = parent + pointerStep(error.property);
    for (const [place, details] of complaints(error, pointer)) {
      if (found.length >= MOST_ERRORS) return;
      found.push({ pointer: place, detail: details.join('; ') });
    }
    collect(error.children ?? [], pointer, found);
  }
}

/** What is wrong at each place of one field, in the order in which its rules are written. */
function complaints(error: ValidationError, pointer: string): Map<string, string[]> {
  const byPlace = new Map<string, string[]>();
  for (const [constraint, message] of Object.entries(error.constraints ?? {}).toReversed()) {
    for (const place of placesOf(error, constraint, pointer)) {
      byPlace.set(place, [...(byPlace.get(place) ?? []), detailOf(error, constraint, message)]);
    }
  }
  if (error.value === undefined) {
    for (const [place, details] of byPlace) byPlace.set(place, [`is required: ${details.join(', ')}`]);
  }
  return byPlace;
}

/** class-validator reports a bad element on its list; this finds the elements themselves. */
function placesOf(error: ValidationError, constraint: string, pointer: string): string[] {
  const rule = rulesOf(error).find(({ rule, name }) => name === constraint && rule.each)?.rule;
  if (!rule || !Array.isArray(error.value) || !error.target) return [pointer];
  const [check] = getMetadataStorage().getTargetValidatorConstraints(rule.constraintCls);
  const subject = {
    targetName: error.target.constructor.name,
    property: error.property,
    object: error.target,
    value: error.value as unknown,
    constraints: rule.constraints,
  };
  const places: string[] = [];
  for (const [index, element] of error.value.entries()) {
    if (places.length >= MOST_ERRORS) break;
    if (check?.instance.validate(element, subject) === false) places.push(`${pointer}/${index}`);
  }
  return places.length > 0 ? places : [pointer];
}

function detailOf(error: ValidationError, constraint: string, message: string): string {
  if (constraint === NOT_AN_OBJECT) return 'must be an object';
  return message.replace(/^each value in /, '').replace(`${error.property} `, '');
}

function unknownProperty({ holder, name, known }: UnknownProperty, guess: boolean): FieldError {
  const meant = guess ? closestName(name, known) : null;
  const detail = meant === null ? 'unknown property' : `unknown property; did you mean ${meant}?`;
  return { pointer: holder + pointerStep(name), detail };
}

/** The rules of a field, with the name each has in `constraints`. */
function rulesOf(error: ValidationError) {
  const storage = getMetadataStorage();
  if (!error.target) return [];
  return storage
    .getTargetValidationMetadatas(error.target.constructor, '', false, false)
    .filter((rule) => rule.propertyName === error.property)
    .map((rule) => ({
      rule,
      name: rule.constraintCls && (storage.getTargetValidatorConstraints(rule.constraintCls)[0]?.name ?? rule.type),
    }));
}
