import { bareNumber, isWhatsApp } from './phone.address.js';

const STOP = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'OPTOUT', 'REVOKE']);
const START = new Set(['START', 'YES', 'UNSTOP']);
const HELP = new Set(['HELP', 'INFO']);

export type OptOutType = 'STOP' | 'START' | 'HELP';

/** What an inbound SMS means for opt-outs, by Twilio's default keywords. */
export function optOutType(body: string): OptOutType | null {
  const word = body.trim().toUpperCase();
  if (STOP.has(word)) return 'STOP';
  if (START.has(word)) return 'START';
  return HELP.has(word) ? 'HELP' : null;
}

/** Which recipients opted out of which sender. WhatsApp has no keywords: there, people block a sender. */
export class OptOuts {
  readonly #pairs = new Set<string>();

  note(recipient: string, sender: string, type: OptOutType | null): void {
    if (isWhatsApp(recipient)) return;
    const pair = `${bareNumber(sender)} ${bareNumber(recipient)}`;
    if (type === 'STOP') this.#pairs.add(pair);
    if (type === 'START') this.#pairs.delete(pair);
  }

  has(recipient: string, sender: string): boolean {
    return this.#pairs.size > 0 && this.#pairs.has(`${sender} ${recipient}`);
  }

  clear(): void {
    this.#pairs.clear();
  }
}
