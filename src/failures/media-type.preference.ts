/**
 * Whether an Accept header (RFC 9110 section 12.5.1) wants CSV rather than JSON: it names `text/csv` or `text/*` with
 * at least the weight it gives to JSON by name. A wildcard for everything wants JSON, the usual answer.
 */
export function prefersCsv(accept: string | undefined): boolean {
  const weights = new Map((accept ?? '').split(',').map(rangeAndWeight));
  const csv = weights.get('text/csv') ?? weights.get('text/*') ?? 0;
  const json = weights.get('application/json') ?? weights.get('application/*') ?? 0;
  return csv > 0 && csv >= json;
}

function rangeAndWeight(part: string): readonly [range: string, weight: number] {
  const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
  const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
  return [range, Number.isNaN(weight) ? 0 : weight];
}
