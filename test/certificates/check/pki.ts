import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 86_400_000;

export interface Wanted {
  readonly commonName: string;
  /** Days from now. @default -60 */
  readonly from?: number;
  /** Days from now. @default 90.5 */
  readonly until?: number;
  /** @default none */
  readonly dnsNames?: readonly string[];
  /** @default none */
  readonly addresses?: readonly string[];
  /** @default false */
  readonly authority?: boolean;
  /** @default - itself */
  readonly issuer?: Issued;
  /** @default - what a server's is for */
  readonly usage?: 'serverAuth' | 'clientAuth';
}

/** A certificate with its key, made for a test. */
export interface Issued {
  readonly certificate: x509.X509Certificate;
  readonly pem: string;
  readonly key: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

let serial = 1000;

export async function issue(wanted: Wanted): Promise<Issued> {
  const { addresses = [], dnsNames = [], authority = false, from = -60, until = 90.5, issuer } = wanted;
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  serial += 1;
  const names = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...addresses.map((value) => ({ type: 'ip' as const, value })),
  ];
  const subject = [{ CN: [wanted.commonName] }];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial.toString(16).padStart(6, '0'),
    subject,
    issuer: issuer?.certificate.subjectName ?? subject,
    notBefore: new Date(Date.now() + from * DAY),
    notAfter: new Date(Date.now() + until * DAY),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(authority, undefined, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create((issuer?.keys ?? keys).publicKey),
      ...(authority
        ? [new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)]
        : [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[wanted.usage ?? 'serverAuth']])]),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate,
    keys,
    pem: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n`,
  };
}
