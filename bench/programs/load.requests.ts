import { monotonicMs, orderText } from './provider.calls.js';
import type { PreparedRequest, Requests } from './load.calls.js';

/** Makes keys and orders of this process its own. */
const boot = Math.floor(monotonicMs()).toString(36);
let orders = 0;

export interface NextRequest extends PreparedRequest {
  /** The order it is about, where there is one. */
  readonly order?: number;
}

/** Hands out request after request; null when there are no more. */
export function requestSource(requests: Requests): () => NextRequest | null {
  switch (requests.kind) {
    case 'notifications': {
      const headers = { ...requests.headers, 'content-type': 'application/json' };
      return () => {
        const order = nextOrder();
        return {
          path: '/v1/notifications',
          headers: { ...headers, 'idempotency-key': keyOf(order) },
          body: JSON.stringify(notification(order)),
          order,
        };
      };
    }
    case 'batches': {
      const headers = { ...requests.headers, 'content-type': 'application/json' };
      return () => ({ path: '/v1/notifications/batch', headers, body: batch(requests.size) });
    }
    case 'messages':
      return () => message(nextOrder());
    case 'look-ups': {
      const { headers, ids } = requests;
      let turn = 0;
      return () => ({ method: 'GET', path: `/v1/notifications/${ids[turn++ % ids.length]}`, headers, body: '' });
    }
    case 'prepared': {
      const left = requests.requests.toReversed();
      return () => left.pop() ?? null;
    }
  }
}

function nextOrder(): number {
  orders += 1;
  return orders;
}

function keyOf(order: number): string {
  return `order-${boot}-${order}`;
}

function recipient(order: number): string {
  return `+1555${String(1_000_000 + (order % 9_000_000))}`;
}

function notification(order: number) {
  return { to: recipient(order), channels: ['sms'], body: orderText(order) };
}

function batch(size: number): string {
  const notifications = Array.from({ length: size }, () => {
    const order = nextOrder();
    return { ...notification(order), idempotencyKey: keyOf(order) };
  });
  return JSON.stringify({ notifications });
}

function message(order: number): NextRequest {
  const form = new URLSearchParams({
    To: recipient(order),
    From: '+15005550006',
    Body: orderText(order),
    StatusCallback: 'http://127.0.0.1:3000/callbacks/twilio/message/019354aa-0000-7000-8000-000000000000',
  });
  return {
    path: '/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    order,
  };
}
