import { ValidateBy, type ValidationOptions } from 'class-validator';

/**
 * A list that names nothing twice. class-validator's ArrayUnique compares each element with every other one: a list of
 * some hundred thousand, whatever ArrayMaxSize says, would stop the process for seconds.
 */
export function EachOnce(options?: ValidationOptions): PropertyDecorator {
  const validate = (value: unknown) => Array.isArray(value) && new Set(value).size === value.length;
  return ValidateBy(
    { name: 'eachOnce', validator: { validate } },
    { message: '$property must name nothing twice', ...options },
  );
}
