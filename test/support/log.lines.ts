import { Writable } from 'node:stream';

/** A destination for a logger, and what was written to it. */
export function keepLines(): { readonly destination: Writable; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  return { destination, lines };
}
