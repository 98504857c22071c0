/** A Markdown table, padded the way prettier would. The first column is text, the others are numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => pad(cells[column] ?? '', width, column)).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
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

/** Replaces what stands between `<!-- bench:<name> -->` and `<!-- /bench -->`. Whatever stands around stays. */
export function withSections(text: string, sections: Readonly<Record<string, string>>): string {
  return text.replaceAll(/(<!-- bench:([\w-]+) -->\n)[^]*?(<!-- \/bench -->)/g, (whole, open, name, close) => {
    const section = sections[String(name)];
    return section === undefined ? whole : `${open}\n${section}\n\n${close}`;
  });
}
