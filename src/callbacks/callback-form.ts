import { Problem } from '../problems/problem.js';

/** The form of one of Twilio's webhooks; a list for a name that came more than once. */
export type CallbackForm = Readonly<Record<string, string | string[]>>;

/** The first value of the first of these names that has one; null if none has. An empty value does not count. */
export function valueOf(form: CallbackForm, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = form[name];
    const first = Array.isArray(value) ? value[0] : value;
    if (first) return first;
  }
  return null;
}

/** The problem of a form that lacks some of these parameters; each is given with its older names, if it has any. */
export function lacking(form: CallbackForm, ...needed: readonly (readonly [string, ...string[]])[]): Problem {
  return new Problem('validation-failed', {
    detail: `${needed.map(([name]) => name).join(' and ')} are needed.`,
    errors: needed
      .filter((names) => valueOf(form, ...names) === null)
      .map(([name]) => ({ pointer: `/${name}`, detail: 'is required' })),
  });
}
