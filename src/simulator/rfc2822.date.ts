let lastSecond = Number.NaN;
let lastText = '';

/**
 * A time as the 2010 API writes it: `Sun, 22 Nov 2026 09:41:00 +0000`. The last result is kept, because a busy second
 * asks for it thousands of times.
 */
export function rfc2822(epochMs: number): string {
  const second = Math.floor(epochMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = new Date(second * 1000).toUTCString().replace('GMT', '+0000');
  }
  return lastText;
}

export function rfc2822OrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : rfc2822(epochMs);
}
