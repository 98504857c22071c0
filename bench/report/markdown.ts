type Align = 'left' | 'right';

/**
 * A Markdown table, padded so that it reads as well in a terminal (and the way prettier would write it).
 * @param align by default, the first column is text and the others are numbers
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly Align[] = head.map((_, column) => (column === 0 ? 'left' : 'right')),
): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => pad(cells[column] ?? '', width, align[column])).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    align[column] === 'right' ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

function pad(text: string, width: number, align: Align | undefined): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

/** Three digits that mean something, whole numbers from a hundred on. */
export function figure(value: number): string {
  if (value === 0) return '0';
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : value >= 0.9995 ? 2 : 3;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function millions(value: number): string {
  return `${figure(value / 1_000_000)} M`;
}

/**
 * Replaces what stands between `<!-- bench:<name> -->` and `<!-- /bench -->` for each section that is there. Whatever
 * stands around stays.
 */
export function withSections(text: string, sections: Readonly<Record<string, string | null>>): string {
  return text.replaceAll(/(<!-- bench:([\w-]+) -->\n)[^]*?(<!-- \/bench -->)/g, (whole, open, name, close) => {
    const section = sections[String(name)] ?? null;
    return section === null ? whole : `${open}\n${section}\n\n${close}`;
  });
}
