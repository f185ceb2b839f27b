/**
 * Certificates for tests, made on the spot: none to expire in the repository, and no private key in it. Node can read and sign
 * certificates but not write them, so their few fields are put together here (RFC 5280, in DER).
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateAuthority {
  /** The root certificate, which those who are to trust the others need. */
  readonly ca: string;
  /** A certificate for a server on 127.0.0.1 and localhost, or for the client of this name. */
  issue(commonName: string): Certificate;
}

/** Makes an authority that lasts for a day, trusted by nobody who is not given its root. */
export function createAuthority(): CertificateAuthority {
  const root = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = 'test authority';
  const ca = pem('CERTIFICATE', signed(issuer, root.privateKey, issuer, root.publicKey, [isAuthority]));
  return {
    ca,
    issue(commonName) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        cert: pem('CERTIFICATE', signed(issuer, root.privateKey, commonName, publicKey, [localNames])),
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

const dayMs = 86_400_000;

function signed(issuer: string, key: KeyObject, subject: string, publicKey: KeyObject, extensions: Buffer[]): Buffer {
  const now = Date.now();
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))), // Version 3.
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(time(now - dayMs), time(now + dayMs)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  return sequence(body, ecdsaWithSha256, bits(sign('sha256', body, key)));
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  if (length < 0x1_00) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return der(0x30, ...contents);
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function bits(bytes: Buffer): Buffer {
  return der(0x03, Buffer.from([0]), bytes);
}

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return der(0x17, Buffer.from(text.slice(2)));
}

/** An object identifier, given as the bytes of its encoding. */
function identifier(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function nameOf(commonName: string): Buffer {
  return sequence(der(0x31, sequence(identifier('550403'), der(0x0c, Buffer.from(commonName)))));
}

function extension(hex: string, content: Buffer): Buffer {
  return sequence(identifier(hex), der(0x04, content));
}

const ecdsaWithSha256 = sequence(identifier('2a8648ce3d040302'));
const isAuthority = extension('551d13', sequence(der(0x01, Buffer.from([0xff]))));
const localNames = extension(
  '551d11',
  sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1]))),
);

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
