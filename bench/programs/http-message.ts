/** One HTTP/1.1 message, as the benchmark's own programs exchange it: its length is named, its text is ASCII. */
export interface HttpMessage {
  /** The first line and the headers. */
  readonly head: string;
  readonly body: string;
}

const HEAD_END = '\r\n\r\n';
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const NO_CONTENT = /^HTTP\/1\.1 204/;

/** Puts the messages of one connection together; one is on its way at a time. */
export class HttpMessageReader {
  private text = '';

  /** @returns the message that is whole now, if one is. @throws when its end cannot be told, or another follows it. */
  read(chunk: Buffer): HttpMessage | null {
    this.text += chunk.toString('latin1');
    const headEnd = this.text.indexOf(HEAD_END);
    if (headEnd < 0) return null;
    const head = this.text.slice(0, headEnd);
    const bodyStart = headEnd + HEAD_END.length;
    const missing = bodyStart + bodyLength(head) - this.text.length;
    if (missing > 0) return null;
    if (missing < 0) throw new Error(`More than one HTTP message at a time, after: ${head}`);
    const body = this.text.slice(bodyStart);
    this.text = '';
    return { head, body };
  }
}

function bodyLength(head: string): number {
  const length = CONTENT_LENGTH.exec(head)?.[1];
  if (length === undefined && !NO_CONTENT.test(head)) throw new Error(`An HTTP message of no named length: ${head}`);
  return Number(length ?? 0);
}

export function httpText(firstLine: string, headers: Readonly<Record<string, string>>, body: string): string {
  let head = `${firstLine}\r\n`;
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  return `${head}content-length: ${body.length}${HEAD_END}${body}`;
}
