import { BlockList, isIP } from 'node:net';
import type { Configuration } from './config/configuration.js';

/** Says why callbacks to PUBLIC_URL, or to its default, would not arrive; null if they might. */
export function lostCallbacks({ env, twilio }: Pick<Configuration, 'env' | 'twilio'>): string | null {
  // A real provider cannot reach an address that only this machine or its network knows.
  const isReal = env.TWILIO_BASE_URL === undefined && !twilio.simulated;
  if (env.PUBLIC_URL === undefined) {
    if (env.ROLE === 'worker') return 'PUBLIC_URL is not set: callbacks would go to this worker, which takes none';
    if (!isReal) return null;
    return 'PUBLIC_URL is not set: Twilio cannot call back to an address of this machine, and refuses to send for it (21609)';
  }
  if (!isReal || !isKnownHereOnly(new URL(env.PUBLIC_URL).hostname)) return null;
  return 'PUBLIC_URL is an address that only this machine or its network knows: Twilio cannot call back to it, and may refuse to send for it (21609)';
}

/** Loopback, private and link-local addresses: RFC 6890, RFC 4193. */
const NEARBY = new BlockList();
NEARBY.addAddress('0.0.0.0');
NEARBY.addSubnet('127.0.0.0', 8);
NEARBY.addSubnet('10.0.0.0', 8);
NEARBY.addSubnet('172.16.0.0', 12);
NEARBY.addSubnet('192.168.0.0', 16);
NEARBY.addSubnet('169.254.0.0', 16);
NEARBY.addAddress('::1', 'ipv6');
NEARBY.addSubnet('fc00::', 7, 'ipv6');
NEARBY.addSubnet('fe80::', 10, 'ipv6');

/** A name without a dot is one of a container or of the own network; the endings are kept for such names. */
const NEARBY_NAME = /^[^.]+\.?$|\.(?:localhost|local|internal)\.?$/;

/** @param hostname as {@link URL} writes it: small letters, IPv6 in brackets */
function isKnownHereOnly(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  if (version === 0) return NEARBY_NAME.test(hostname);
  return NEARBY.check(address, version === 6 ? 'ipv6' : 'ipv4');
}
