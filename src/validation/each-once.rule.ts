import { ValidateBy, type ValidationOptions } from 'class-validator';

/**
 * A list that names nothing twice. class-validator's ArrayUnique compares each element with every other: a list of some
 * hundred thousand would block the process for seconds, whatever ArrayMaxSize says.
 */
export function EachOnce(options?: ValidationOptions): PropertyDecorator {
  const validate = (value: unknown) => Array.isArray(value) && new Set(value).size === value.length;
  return ValidateBy(
    { name: 'eachOnce', validator: { validate } },
    { message: '$property must name nothing twice', ...options },
  );
}
