import { styleText } from 'node:util';
import type { Tone } from './timeline.js';

const STYLE_OF_TONE = { good: 'green', bad: 'red', open: 'yellow', plain: 'reset' } as const satisfies Record<
  Tone,
  string
>;

/** Writes to the terminal; in colour only on a TTY, and never when NO_COLOR is set. */
export class Terminal {
  heading(text: string): void {
    this.line(`\n${paint('bold', text)}`);
  }

  aside(text: string): void {
    this.line(paint('dim', text));
  }

  /** @param sinceStartMs how long after the request was accepted it happened */
  event(sinceStartMs: number, text: string, tone: Tone): void {
    const time = `+${(Math.max(0, sinceStartMs) / 1000).toFixed(2)} s`.padStart(10);
    this.line(`${paint('dim', time)}  ${paint(STYLE_OF_TONE[tone], text)}`);
  }

  verdict(text: string, tone: 'good' | 'bad'): void {
    this.line(paint(STYLE_OF_TONE[tone], `${tone === 'good' ? '✔' : '✘'} ${text}`));
  }

  line(text: string): void {
    process.stdout.write(`${text}\n`);
  }
}

function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
