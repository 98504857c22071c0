import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { defaultMetadataStorage as conversions } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage } from 'class-validator';

/** class-transformer's TransformationType.PLAIN_TO_CLASS; it does not export the enumeration. */
const PLAIN_TO_CLASS = 0;

const KEPT_PROPERTIES = new WeakMap<object, ReadonlySet<string>>();

/**
 * An instance of a DTO with what a request gave. Where nothing is to be converted class-transformer would only copy,
 * and ask its decorators a dozen questions for each property: 2.6 µs for a usual request on the machine of
 * docs/performance.md, against 0.25.
 * @throws RangeError for what is nested too deeply
 */
export function dtoInstance<Dto extends object>(type: Type<Dto>, given: object): Dto {
  const kept = keptPropertiesOf(type);
  for (const [name, value] of Object.entries(given)) {
    if (!kept.has(name) || !isKept(value)) return plainToInstance(type, given);
  }
  return Object.assign(new type(), given);
}

/** Whether class-transformer makes an equal value of one that it has no type for: it leaves out what objects inherit. */
function isKept(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value !== undefined;
  if (Array.isArray(value)) return value.every((element) => isKept(element));
  return Object.entries(value).every(([name, content]) => !(name in Object.prototype) && isKept(content));
}

/** What a class checks and nothing converts. */
function keptPropertiesOf(type: Type): ReadonlySet<string> {
  const known = KEPT_PROPERTIES.get(type);
  if (known) return known;
  const checks = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const isRenaming = [...conversions.getExposedMetadatas(type), ...conversions.getExcludedMetadatas(type)].length > 0;
  const kept = new Set(
    checks.map(({ propertyName }) => propertyName).filter((name) => !isRenaming && !isConverted(type, name)),
  );
  KEPT_PROPERTIES.set(type, kept);
  return kept;
}

function isConverted(type: Type, name: string): boolean {
  return (
    conversions.findTypeMetadata(type, name) !== undefined ||
    conversions.findTransformMetadatas(type, name, PLAIN_TO_CLASS).length > 0
  );
}
