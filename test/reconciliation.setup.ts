import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll } from 'vitest';
import { portOf } from './support/port-of.js';

/** A message as the provider's list shows it. */
export interface Listed {
  readonly sid: string;
  readonly body: string;
  readonly direction: string;
  readonly date_created: string;
  readonly messaging_service_sid?: string | null;
  /** Without it, `sent`. */
  readonly status?: string;
  readonly error_code?: number;
}

type Shown = readonly Listed[] | number;

/** What this recipient's requests are answered. */
export interface Script {
  /** The creation number `index`, from 0: its sid, or the status that refuses it (4xx) or leaves it open (5xx). */
  readonly create: (index: number) => string | number;
  /**
   * The look number `index`, from 0: the list, newest first, or the status of a refusal.
   * @param createdAt when creations arrived until now, in milliseconds since the epoch
   */
  readonly list: (createdAt: readonly number[], index: number) => Shown | Promise<Shown>;
}

export interface ListingProvider {
  readonly url: string;
  script(recipient: string, script: Script): void;
  /** How many creations it had for this recipient. */
  creates(recipient: string): number;
}

/** An outbound message of the text that the tests send, created at this time. */
export function listed(sid: string, createdAt: number, more: Partial<Listed> = {}): Listed {
  return { sid, body: 'Hello', direction: 'outbound-api', date_created: new Date(createdAt).toUTCString(), ...more };
}

/** A provider whose list shows just what a test says, for all tests of a file. */
export async function startListingProvider(): Promise<ListingProvider> {
  const recipients = new Map<string, { readonly script: Script; readonly createdAt: number[]; looks: number }>();
  const of = (to: string | null) => {
    const recipient = recipients.get(to ?? '');
    if (!recipient) throw new Error(`No script for ${to}`);
    return recipient;
  };
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const refuse = (status: number) => answer(status, { message: 'Refused', status });
    const list = async () => {
      const recipient = of(new URL(request.url ?? '', 'http://provider').searchParams.get('To'));
      recipient.looks += 1;
      const shown = await recipient.script.list(recipient.createdAt, recipient.looks - 1);
      if (typeof shown === 'number') return refuse(shown);
      return answer(200, {
        messages: shown.map((message) => ({ to: '', status: 'sent', ...message })),
        next_page_uri: null,
      });
    };
    const create = async () => {
      const recipient = of(new URLSearchParams(await text(request)).get('To'));
      const sid = recipient.script.create(recipient.createdAt.push(Date.now()) - 1);
      return typeof sid === 'number' ? refuse(sid) : answer(201, { sid, status: 'queued' });
    };
    void (request.method === 'POST' ? create() : list());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    script: (recipient, script) => void recipients.set(recipient, { script, createdAt: [], looks: 0 }),
    creates: (recipient) => of(recipient).createdAt.length,
  };
}
