import { getMetadataStorage, type MetadataStorage, type ValidationArguments } from 'class-validator';

/** class-validator's own names for kinds of metadata. */
const CHECKS: readonly string[] = ['customValidation', 'isDefined'];
const CONDITION = 'conditionalValidation';
const NESTED = 'nestedValidation';
const ALLOWED = 'whitelistValidation';

interface Check {
  readonly each: boolean;
  readonly isAsync: boolean;
  readonly constraints: unknown[];
  readonly applies: ((object: object, value: unknown) => boolean) | undefined;
  readonly accepts: (value: unknown, args: ValidationArguments) => boolean | Promise<boolean>;
}

interface Rules {
  readonly name: string;
  readonly conditions: readonly ((object: object, value: unknown) => boolean)[];
  readonly checks: readonly Check[];
  readonly isNested: boolean;
  /** False if a rule is of a kind that only class-validator itself runs. */
  readonly areKnown: boolean;
}

type RulesByName = ReadonlyMap<string, Rules>;

type ValidationMetadata = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];

const RULES_OF_CLASS = new WeakMap<object, RulesByName>();

/**
 * Whether class-validator (with whitelist, without groups) is certain to find nothing wrong. Runs the same checks of
 * the same decorators, but sorts them once per class instead of once per value and builds no error tree: most requests
 * are valid, and for them it takes a quarter of the time. False only means that class-validator has to be asked.
 */
export function isValidAtOnce(object: object): boolean {
  const rules = rulesOf(object.constructor);
  for (const name of Object.keys(object)) if (!rules.has(name)) return false;
  for (const rule of rules.values()) {
    if (!rule.areKnown || !isFine(object, Reflect.get(object, rule.name), rule)) return false;
  }
  return true;
}

function isFine(object: object, value: unknown, rules: Rules): boolean {
  for (const applies of rules.conditions) if (!applies(object, value)) return true;
  for (const check of rules.checks) if (!passes(object, value, rules.name, check)) return false;
  return !rules.isNested || value === undefined || isNestedFine(value);
}

function passes(object: object, value: unknown, property: string, check: Check): boolean {
  if (check.applies && !check.applies(object, value)) return true;
  const args = { value, constraints: check.constraints, targetName: object.constructor.name, object, property };
  if (check.each && isOtherList(value)) return false;
  if (!check.each || !Array.isArray(value)) return check.accepts(value, args) === true;
  return value.every((element: unknown) => check.accepts(element, args) === true);
}

function isNestedFine(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((element: unknown) => element === undefined || isNestedFine(element));
  return typeof value === 'object' && value !== null && !isOtherList(value) && isValidAtOnce(value);
}

/** class-validator looks into these too, but JSON never holds them. */
function isOtherList(value: unknown): boolean {
  return value instanceof Set || value instanceof Map;
}

function rulesOf(type: Function): RulesByName {
  const known = RULES_OF_CLASS.get(type);
  if (known) return known;
  const metadata = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const byName = Map.groupBy(metadata, (rule) => rule.propertyName);
  const rules = new Map([...byName].map(([name, ofName]) => [name, sortOut(name, ofName)]));
  RULES_OF_CLASS.set(type, rules);
  return rules;
}

function sortOut(name: string, metadata: readonly ValidationMetadata[]): Rules {
  const ofType = (...types: readonly string[]) => metadata.filter((rule) => types.includes(rule.type));
  const checks = ofType(...CHECKS).flatMap((rule) => checksOf(rule));
  return {
    name,
    conditions: ofType(CONDITION).map((rule) => rule.constraints[0]),
    checks,
    isNested: ofType(NESTED).length > 0,
    areKnown:
      ofType(...CHECKS, CONDITION, NESTED, ALLOWED).length === metadata.length &&
      checks.every((check) => !check.isAsync),
  };
}

function checksOf(rule: ValidationMetadata): Check[] {
  return getMetadataStorage()
    .getTargetValidatorConstraints(rule.constraintCls)
    .map(({ instance, async: isAsync }) => ({
      each: rule.each,
      isAsync,
      constraints: rule.constraints,
      applies: rule.validateIf,
      accepts: (value, args) => instance.validate(value, args),
    }));
}
