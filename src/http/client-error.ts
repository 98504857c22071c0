import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_MEDIA_TYPE } from '../problems/problem.reply.js';
import type { ProblemSlug } from '../problems/problem-types.js';
import { Problem } from '../problems/problem.js';

const BY_CODE: Readonly<Record<string, ProblemSlug>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
};

/** `rawPacket` is a buffer of the bytes that were being parsed. */
type ClientError = NodeJS.ErrnoException & { readonly rawPacket?: unknown };

const REQUEST_LINE = /^[A-Z]+ (\/[^\s?#]*)\S* HTTP\/1\.[01]\r?\n/;
const LONGEST_REQUEST_LINE = 2000;

/** The path of a request that could not be parsed, if it begins with a proper request line. */
function pathAsked(bytes: unknown): string | undefined {
  return Buffer.isBuffer(bytes) ? REQUEST_LINE.exec(bytes.toString('latin1', 0, LONGEST_REQUEST_LINE))?.[1] : undefined;
}

/** Answers bytes that never became a request: there is no route and no reply object, only the socket. */
export function answerClientError(error: ClientError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const problem = new Problem(BY_CODE[error.code ?? ''] ?? 'malformed-request');
  const status = problem.getStatus();
  const body = JSON.stringify(problem.toBody(pathAsked(error.rawPacket)));
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
        `Content-Type: ${PROBLEM_MEDIA_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}
