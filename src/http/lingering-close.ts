import type { IncomingMessage } from 'node:http';

/** How long the rest of a request is read after its answer, in milliseconds. */
const LINGER_MS = 5000;

/**
 * For an answer that ends its connection before all of its request has come. Node would close at once, and what still comes
 * to a closed connection is answered with a reset: a client that writes everything before it reads, as most do, gets a
 * broken pipe instead of the answer. So the rest is read and thrown away, for a while.
 */
export function lingerAfterAnswer(request: IncomingMessage): void {
  const { socket } = request;
  // What Node calls once the answer is written.
  socket.destroySoon = () => {
    const giveUp = setTimeout(() => socket.destroy(), LINGER_MS);
    giveUp.unref();
    socket.once('close', () => clearTimeout(giveUp));
    socket.end();
    request.once('end', () => {
      if (socket.writableFinished) socket.destroy();
      else socket.once('finish', () => socket.destroy());
    });
    request.resume();
  };
}
