const PARTS = ['City', 'State', 'Zip'] as const;

/**
 * The parameters that say where the parties of a call or an inbound SMS are. Twilio always sends them, mostly empty,
 * and its signature covers the empty ones as well.
 * @param numbers the numbers in E.164 by party, such as `From`
 */
export function placeParameters(numbers: Readonly<Record<string, string>>): Record<string, string> {
  const places: Record<string, string> = {};
  for (const [party, number] of Object.entries(numbers)) {
    for (const part of PARTS) places[`${party}${part}`] = '';
    places[`${party}Country`] = number.startsWith('+1') ? 'US' : '';
  }
  return places;
}
