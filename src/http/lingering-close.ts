import type { IncomingMessage } from 'node:http';

/** How long the rest of a request is read after its response, in milliseconds. */
const LINGER_MS = 5000;

/**
 * For a response that ends its connection before the whole request has arrived. Node would close at once, and data
 * arriving on a closed connection triggers a reset: a client that writes everything before it reads, as most do, gets a
 * broken pipe instead of the response. So the rest is read and discarded for a while.
 */
export function lingerAfterAnswer(request: IncomingMessage): void {
  const { socket } = request;
  // Node calls this once the response is written.
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
