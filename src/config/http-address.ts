import { isIPv6 } from 'node:net';

/** The URL of a server that listens there; valid only if {@link URL.canParse} says so (IPv6 zones are not). */
export function httpAddress(host: string, port: number): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
