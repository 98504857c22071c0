import { generateKeyPairSync, sign } from 'node:crypto';

const ECDSA_WITH_SHA256 = '06082a8648ce3d040302';
const COMMON_NAME = '0603550403';
const SUBJECT_ALT_NAME = '0603551d11';

/** A certificate that is signed by its own key, both as PEM: Node reads certificates, but makes none. RFC 5280 section 4.1. */
export function selfSigned(host: string, until: Date): { readonly certificate: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(0x30, Buffer.from(ECDSA_WITH_SHA256, 'hex'));
  const name = der(0x30, der(0x31, der(0x30, Buffer.from(COMMON_NAME, 'hex'), der(0x0c, Buffer.from(host)))));
  const altName = der(0x04, der(0x30, der(0x82, Buffer.from(host))));
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    algorithm,
    name,
    der(0x30, time(new Date('2001-01-01')), time(until)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, der(0x30, Buffer.from(SUBJECT_ALT_NAME, 'hex'), altName))),
  );
  const signature = der(0x03, Buffer.of(0), sign('sha256', body, privateKey));
  const base64 = der(0x30, body, algorithm, signature).toString('base64');
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A tag, a length and the content; X.690. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const all = Buffer.concat(content);
  const length = all.length < 128 ? Buffer.of(all.length) : Buffer.of(0x82, all.length >> 8, all.length & 0xff);
  return Buffer.concat([Buffer.of(tag), length, all]);
}

/** GeneralizedTime */
function time(moment: Date): Buffer {
  return der(0x18, Buffer.from(`${moment.toISOString().replaceAll(/[-:T]|\..*/g, '')}Z`));
}
