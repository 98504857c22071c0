import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { serve } from '../stage/rpc.js';
import { monotonicMs, orderIn, type ProviderCalls } from './provider.calls.js';

/**
 * The provider: as little as may answer like Twilio does, so that it is not what is measured. Every creation gets a
 * sid of its own, in a body of the usual size.
 */
let latencyMs = 0;
let count = 0;
/** Never starts again: a sid is given once. */
let sids = 0;
let firstAt = 0;
let lastAt = 0;
let arrivals: Record<string, number> = {};

function take(request: IncomingMessage, response: ServerResponse): void {
  const at = monotonicMs();
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (count === 0) firstAt = at;
    lastAt = at;
    count += 1;
    const order = orderIn(chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString());
    if (order !== null) arrivals[order] ??= at;
    sids += 1;
    const sid = `SM${spread(sids).toString(16).padStart(8, '0')}${boot}`;
    if (latencyMs === 0) answer(response, sid);
    else setTimeout(answer, latencyMs, response, sid);
  });
}

/** Each number once, in no order: as with a real provider's sids, neighbours in time are none in an index. */
function spread(number: number): number {
  return Math.imul(number, 0x9e3779b1) >>> 0;
}

const boot = process.hrtime.bigint().toString(16).padStart(24, '0').slice(-24);

function answer(response: ServerResponse, sid: string): void {
  const body = `{"account_sid":"AC0123456789abcdef0123456789abcdef","api_version":"2010-04-01","body":"Your order is on its way and arrives tomorrow before noon.","date_created":"Sun, 22 Nov 2026 10:00:00 +0000","date_sent":null,"date_updated":"Sun, 22 Nov 2026 10:00:00 +0000","direction":"outbound-api","error_code":null,"error_message":null,"from":"+15005550006","messaging_service_sid":null,"num_media":"0","num_segments":"1","price":null,"price_unit":"USD","sid":"${sid}","status":"queued","subresource_uris":{"media":"/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages/${sid}/Media.json"},"to":"+15551230001","uri":"/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages/${sid}.json"}`;
  response.writeHead(201, {
    'content-type': 'application/json',
    'content-length': body.length,
    'twilio-request-id': `RQ${sid.slice(2)}`,
  });
  response.end(body);
}

const server = createServer({ keepAliveTimeout: 60_000 }, take).listen(0, '127.0.0.1');
await once(server, 'listening');

serve(
  {
    reset: (how) => {
      latencyMs = how.latencyMs;
      count = 0;
      arrivals = {};
    },
    seen: () => ({ count, firstAt, lastAt }),
    arrivals: () => arrivals,
  } satisfies ProviderCalls,
  { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
);
