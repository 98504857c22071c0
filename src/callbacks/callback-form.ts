/** The form of a webhook of Twilio's: a list where a name came more than once. */
export type CallbackForm = Readonly<Record<string, string | string[]>>;

/** The first value of the first of these names that has one; null where none has. An empty one says nothing. */
export function valueOf(form: CallbackForm, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = form[name];
    const first = Array.isArray(value) ? value[0] : value;
    if (first) return first;
  }
  return null;
}
