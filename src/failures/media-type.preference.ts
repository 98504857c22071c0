/**
 * Whether an Accept header (RFC 9110 section 12.5.1) prefers CSV to JSON: it names `text/csv` or `text/*` with at least
 * the weight that it gives JSON by name. A wildcard for everything means JSON, the default.
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
