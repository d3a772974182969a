import { type Alerting, AlertRules } from '../alerts';
import { addCheck, Construct, Duration, SecretRef } from '../core';
import { CustomResource } from '../workloads';
import { CERTIFICATE_ALERTS } from './alerts/certificate/catalogue';
import { checkCertificate } from './certificate-faults';
import { CertificateIssuer, type IssuerReference } from './issuer';
import { declareKey } from './key-asset';
import { validateKind } from './models';
import { type ServedBy, servedByOf } from './targets';

/** What a certificate may be used for, as cert-manager spells it. */
export type CertificateUsage =
  | 'digital signature'
  | 'key encipherment'
  | 'server auth'
  | 'client auth'
  | 'cert sign'
  | 'crl sign'
  | 'code signing'
  | 'email protection';

export interface CertificateProps {
  readonly name: string;
  readonly namespace: string;
  readonly issuer: CertificateIssuer | IssuerReference;
  /** Where certificate, key and `ca.crt` are put. @default `name` */
  readonly secretName?: string;
  /** Names of the server. @default none */
  readonly dnsNames?: readonly string[];
  /** Addresses of the server. @default none */
  readonly ipAddresses?: readonly string[];
  /** @default none */
  readonly uris?: readonly string[];
  /** At most 64 characters; for clients that are known by it. @default - none: servers are known by `dnsNames` */
  readonly commonName?: string;
  /** @default - those of a server; of an authority where `isCa` */
  readonly usages?: readonly CertificateUsage[];
  /** Signs others. @default false */
  readonly isCa?: boolean;
  /** Of an authority: whether a new one may take its place after a loss. Otherwise its key has to be in the escrow. @default false */
  readonly recreatable?: boolean;
  /** How long it is valid; an ACME authority has its own mind. @default 90 days; of an authority five years */
  readonly duration?: Duration;
  /** How long before its end it is renewed. @default - a third of its life, at most 30 days; of an authority a third */
  readonly renewBefore?: Duration;
  /** @default 'ECDSA', P-256 */
  readonly privateKey?: 'ECDSA' | 'RSA' | 'Ed25519';
  /** Who serves it; `'itself'`: whoever does loads a new one by itself. @default - unknown: the runbook tells how to find it */
  readonly servedBy?: ServedBy | 'itself';
  /** Alerts on its end and its renewal, from cert-manager's metrics. @default - nobody is told */
  readonly alerting?: Alerting;
}

const MAXIMUM_RENEWAL = Duration.days(30);
const SIZES = { ECDSA: 256, RSA: 2048 } as const;

/** How long a certificate lives, and how long before its end it is renewed. */
export function lifeOf({ duration, isCa = false, renewBefore }: CertificateProps) {
  const life = duration ?? (isCa ? Duration.days(1825) : Duration.days(90));
  const third = Duration.seconds(Math.floor(life.toSeconds() / 3));
  const renewal = renewBefore ?? (!isCa && third.isLongerThan(MAXIMUM_RENEWAL) ? MAXIMUM_RENEWAL : third);
  return { duration: life, renewBefore: renewal };
}

/** A certificate that cert-manager keeps in a Secret, with a new key each time. */
export class Certificate extends Construct {
  readonly secretName: string;

  constructor(scope: Construct, id: string, props: CertificateProps) {
    super(scope, id);
    const {
      alerting,
      dnsNames,
      ipAddresses,
      isCa = false,
      issuer,
      name,
      namespace,
      privateKey = 'ECDSA',
      uris,
    } = props;
    const { duration, renewBefore } = lifeOf(props);
    const { group = 'cert-manager.io', ...reference } =
      issuer instanceof CertificateIssuer ? issuer.reference : issuer;
    this.secretName = props.secretName ?? name;
    addCheck(this, () => checkCertificate(props));
    new CustomResource(this, 'certificate', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name, namespace },
      spec: {
        secretName: this.secretName,
        issuerRef: { ...reference, group },
        commonName: props.commonName,
        dnsNames,
        ipAddresses,
        uris,
        isCA: isCa ? true : undefined,
        duration: duration.golang(),
        renewBefore: renewBefore.golang(),
        usages: props.usages ?? usagesOf(isCa, privateKey),
        privateKey: {
          algorithm: privateKey,
          ...(privateKey === 'Ed25519' ? {} : { size: SIZES[privateKey] }),
          // What an authority has signed goes on being valid under its renewed certificate, if that has the same key.
          rotationPolicy: isCa ? 'Never' : 'Always',
        },
      },
      validate: (object) => validateKind('Certificate', object),
    });
    const asset = isCa
      ? declareKey(this, {
          id: `${name}-ca`,
          kind: 'certificate-authority',
          reference: SecretRef.existing({ name: this.secretName, key: 'tls.key' }),
          namespace,
          recreatable: props.recreatable ?? false,
          impact:
            'nothing can be issued; certificates of a new authority are not trusted by whoever has this one',
        })
      : undefined;
    if (alerting === undefined) return;
    new AlertRules(this, 'alerts', {
      alerting,
      catalogue: CERTIFICATE_ALERTS,
      subject: {
        name,
        namespace,
        secretName: this.secretName,
        renewBefore,
        ...(props.servedBy === 'itself'
          ? { reloads: true }
          : { servedBy: servedByOf(props.servedBy, namespace) }),
        issuer: `${reference.kind}/${reference.name}`,
      },
      ...(asset === undefined ? {} : { asset }),
    });
  }
}

function usagesOf(isCa: boolean, privateKey: string): readonly CertificateUsage[] {
  if (isCa) return ['cert sign', 'crl sign', 'digital signature'];
  return [
    'digital signature',
    ...(privateKey === 'RSA' ? (['key encipherment'] as const) : []),
    'server auth',
  ];
}
