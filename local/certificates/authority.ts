import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const VALID_DAYS = 365;

export interface KeyPairPem {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateProps {
  readonly commonName: string;
  /** @default none */
  readonly organization?: string;
  /** DNS names under which a server is reached. @default none: a client's certificate */
  readonly dnsNames?: readonly string[];
  /** Addresses under which a server is reached. @default none */
  readonly addresses?: readonly string[];
  /** @default - far enough away that no test or trial sees it */
  readonly notAfter?: Date;
}

/** A certificate authority for one instance's own use; its key never leaves the instance's folder. */
export class CertificateAuthority {
  readonly #certificate: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
  }

  static async create(commonName: string): Promise<CertificateAuthority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: [{ CN: [commonName] }],
      ...validity(),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new CertificateAuthority(certificate, keys);
  }

  /** The certificate that clients trust. */
  get pem(): string {
    return `${this.#certificate.toString('pem')}\n`;
  }

  keyPem(): Promise<string> {
    return privatePem(this.#keys.privateKey);
  }

  async issue(props: CertificateProps): Promise<KeyPairPem> {
    const keys = await newKeys();
    const names = [
      ...(props.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
      ...(props.addresses ?? []).map((value) => ({ type: 'ip' as const, value })),
    ];
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: [
        ...(props.organization === undefined ? [] : [{ O: [props.organization] }]),
        { CN: [props.commonName] },
      ],
      issuer: this.#certificate.subjectName,
      ...validity(props.notAfter),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.clientAuth,
          ...(names.length > 0 ? [x509.ExtendedKeyUsage.serverAuth] : []),
        ]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#keys.publicKey),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ],
    });
    return { certificate: `${certificate.toString('pem')}\n`, key: await privatePem(keys.privateKey) };
  }
}

/** A key pair without a certificate, for signing tokens. */
export async function createKeyPair(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const keys = await newKeys();
  const publicBytes = await webcrypto.subtle.exportKey('spki', keys.publicKey);
  return {
    privateKey: await privatePem(keys.privateKey),
    publicKey: `${x509.PemConverter.encode(publicBytes, 'PUBLIC KEY')}\n`,
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, [
    'sign',
    'verify',
  ]) as Promise<webcrypto.CryptoKeyPair>;
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

function serial(): string {
  // A leading zero bit keeps the number positive, as the standard asks.
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return Buffer.from(bytes).toString('hex');
}

/** From an hour ago, for clocks that disagree a little. */
function validity(notAfter?: Date): { readonly notBefore: Date; readonly notAfter: Date } {
  const now = Date.now();
  return {
    notBefore: new Date(now - 3_600_000),
    notAfter: notAfter ?? new Date(now + VALID_DAYS * 86_400_000),
  };
}
