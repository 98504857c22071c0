/**
 * What Twilio accepts after the # of a callback's address; times are in milliseconds. Anything else it would only
 * report in its own console, and it would repeat no callback.
 * Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */
const OVERRIDES: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ['ct', within(100, 10_000)],
  ['rt', within(100, 15_000)],
  ['tt', within(100, 15_000)],
  ['rc', within(0, 5)],
  ['rp', listOf(/^(?:4xx|5xx|ct|rt|all)$/)],
  ['e', listOf(/^[a-z0-9-]+$/)],
  ['sni', (value) => value === 'y' || value === 'n'],
]);

/** Pairs such as `rc=5&rp=all`, each name once. */
export function areCallbackOverrides(text: string): boolean {
  const pairs = text.split('&').map((pair) => pair.split('='));
  const names = new Set(pairs.map(([name]) => name));
  return (
    names.size === pairs.length &&
    pairs.every(([name = '', value = '', ...more]) => more.length === 0 && OVERRIDES.get(name)?.(value) === true)
  );
}

function within(lowest: number, highest: number): (value: string) => boolean {
  return (value) => /^\d{1,5}$/.test(value) && Number(value) >= lowest && Number(value) <= highest;
}

function listOf(word: RegExp): (value: string) => boolean {
  return (value) => value.split(',').every((one) => word.test(one));
}
