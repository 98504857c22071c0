import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { serve } from '../stage/rpc.js';
import { HttpMessageReader, httpText } from './http-message.js';
import { monotonicMs, orderIn, type ProviderCalls } from './provider.calls.js';

/**
 * The provider: as little as may answer like Twilio does, on bare sockets, so that it is not what is measured. Every
 * creation gets a sid of its own, in a body of the usual size.
 */
let latencyMs = 0;
let count = 0;
/** Never starts again: a sid is given once. */
let sids = 0;
let firstAt = 0;
let arrivals: Record<string, number> = {};

function serveConnection(socket: Socket): void {
  const reader = new HttpMessageReader();
  socket.setNoDelay(true);
  // Whoever goes away in the middle, as a process that is killed does, gets no answer.
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const request = reader.read(chunk);
    if (request) take(socket, request.body);
  });
}

function take(socket: Socket, form: string): void {
  const at = monotonicMs();
  if (count === 0) firstAt = at;
  count += 1;
  const order = orderIn(form);
  if (order !== null) arrivals[order] ??= at;
  sids += 1;
  const sid = `SM${spread(sids).toString(16).padStart(8, '0')}${boot}`;
  if (latencyMs === 0) answer(socket, sid);
  else setTimeout(answer, latencyMs, socket, sid);
}

/** Each number once, in no order: as with a real provider's sids, neighbours in time are none in an index. */
function spread(number: number): number {
  return Math.imul(number, 0x9e3779b1) >>> 0;
}

const boot = process.hrtime.bigint().toString(16).padStart(24, '0').slice(-24);

function answer(socket: Socket, sid: string): void {
  const body = `{"account_sid":"AC0123456789abcdef0123456789abcdef","api_version":"2010-04-01","body":"Your order is on its way and arrives tomorrow before noon.","date_created":"Sun, 22 Nov 2026 10:00:00 +0000","date_sent":null,"date_updated":"Sun, 22 Nov 2026 10:00:00 +0000","direction":"outbound-api","error_code":null,"error_message":null,"from":"+15005550006","messaging_service_sid":null,"num_media":"0","num_segments":"1","price":null,"price_unit":"USD","sid":"${sid}","status":"queued","subresource_uris":{"media":"/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages/${sid}/Media.json"},"to":"+15551230001","uri":"/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages/${sid}.json"}`;
  const headers = {
    'content-type': 'application/json',
    'twilio-request-id': `RQ${sid.slice(2)}`,
    date: 'Sun, 22 Nov 2026 10:00:00 GMT',
    connection: 'keep-alive',
    'keep-alive': 'timeout=60',
  };
  socket.write(httpText('HTTP/1.1 201 Created', headers, body), 'latin1');
}

const server = createServer(serveConnection).listen(0, '127.0.0.1');
await once(server, 'listening');

serve(
  {
    reset: (how) => {
      latencyMs = how.latencyMs;
      count = 0;
      arrivals = {};
    },
    seen: () => ({ count, firstAt }),
    arrivals: () => arrivals,
  } satisfies ProviderCalls,
  { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
);
