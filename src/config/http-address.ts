import { isIPv6 } from 'node:net';

/** The address of what listens there; it is one only where {@link URL.canParse} says so (IPv6 zones are none). */
export function httpAddress(host: string, port: number): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
