import { Alerting } from '../../constructs/alerts';
import {
  Certificate,
  CertificateIssuer,
  type CertificateIssuerProps,
  type CertificateProps,
  CertManagerAlerts,
  type Issuance,
} from '../../constructs/certificates';
import { Duration, type EnvironmentStack, SecretRef } from '../../constructs/core';
import { Escrow, Recipient } from '../../constructs/escrow';
import { Recovery } from '../../constructs/recovery';
import { secret } from '../helpers/database';
import { get, type JsonObject, Template } from '../helpers/template';

const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
const NGINX = { http01: { ingressClass: 'nginx' } };
const ACME: Issuance = { acme: { server: 'letsencrypt', email: 'platform@example.com', solvers: [NGINX] } };
const PAIR: Issuance = {
  ca: {
    certificate: SecretRef.existing({ name: 'root', key: 'tls.crt' }),
    key: SecretRef.existing({ name: 'root', key: 'tls.key' }),
    recreatable: true,
  },
};

const issuer =
  (by: Issuance, different: Partial<CertificateIssuerProps> = {}) =>
  (stack: EnvironmentStack) =>
    new CertificateIssuer(stack, 'issuer', { name: 'web', by, ...different });
const manifests = (declare: (stack: EnvironmentStack) => unknown): JsonObject[] =>
  [
    ...Template.of((stack) => void declare(stack))
      .resources('kubernetes_manifest')
      .values(),
  ].map((resource) => resource['manifest'] as JsonObject);
const specOf = (by: Issuance) => manifests(issuer(by))[0]?.['spec'];
const faults = (declare: (stack: EnvironmentStack) => unknown) =>
  Template.faults((stack) => void declare(stack)).map(({ message, rule }) => `${rule}: ${message}`);

const WEB = { name: 'shop-tls', namespace: 'shop', dnsNames: ['shop.example.com'] };
const LETSENCRYPT = { name: 'letsencrypt', kind: 'ClusterIssuer' };
const certificate =
  (different: Partial<CertificateProps> = {}) =>
  (stack: EnvironmentStack) =>
    new Certificate(stack, 'certificate', { ...WEB, issuer: LETSENCRYPT, ...different });

describe('an issuer', () => {
  test('serves the cluster, or a namespace', () => {
    expect(manifests(issuer(ACME))[0]).toMatchObject({
      apiVersion: 'cert-manager.io/v1',
      kind: 'ClusterIssuer',
      metadata: { name: 'web' },
    });
    expect(manifests(issuer(ACME, { namespace: 'shop' }))[0]).toMatchObject({
      kind: 'Issuer',
      metadata: { name: 'web', namespace: 'shop' },
    });
  });

  test('speaks ACME, proves names by HTTP and by DNS', () => {
    expect(
      specOf({
        acme: {
          server: 'letsencrypt',
          email: 'platform@example.com',
          solvers: [
            NGINX,
            { dnsZones: ['example.org'], http01: { gateway: { name: 'front', namespace: 'edge' } } },
            {
              dnsNames: ['*.example.com'],
              dns01: { cloudflare: { apiToken: SecretRef.existing({ name: 'cloudflare', key: 'token' }) } },
            },
          ],
        },
      }),
    ).toEqual({
      acme: {
        server: 'https://acme-v02.api.letsencrypt.org/directory',
        email: 'platform@example.com',
        privateKeySecretRef: { name: 'web-account' },
        solvers: [
          { http01: { ingress: { ingressClassName: 'nginx' } } },
          {
            selector: { dnsZones: ['example.org'] },
            http01: {
              gatewayHTTPRoute: { parentRefs: [{ kind: 'Gateway', name: 'front', namespace: 'edge' }] },
            },
          },
          {
            selector: { dnsNames: ['*.example.com'] },
            dns01: { cloudflare: { apiTokenSecretRef: { name: 'cloudflare', key: 'token' } } },
          },
        ],
      },
    });
  });

  test.each<[object, object]>([
    [
      { route53: { region: 'eu-west-1', role: 'dns', key: { id: 'AKIA', secret: secret('dns_key') } } },
      {
        route53: {
          region: 'eu-west-1',
          role: 'dns',
          accessKeyID: 'AKIA',
          secretAccessKeySecretRef: { name: 'web-issuer', key: 'solver-1' },
        },
      },
    ],
    [
      { cloudDns: { project: 'p', serviceAccount: secret('dns_key') } },
      { cloudDNS: { project: 'p', serviceAccountSecretRef: { name: 'web-issuer', key: 'solver-1' } } },
    ],
    [
      { azureDns: { subscription: 's', resourceGroup: 'g', managedIdentity: 'm' } },
      { azureDNS: { subscriptionID: 's', resourceGroupName: 'g', managedIdentity: { clientID: 'm' } } },
    ],
    [
      { digitalOcean: { token: secret('dns_key') } },
      { digitalocean: { tokenSecretRef: { name: 'web-issuer', key: 'solver-1' } } },
    ],
    [
      { rfc2136: { nameserver: '192.0.2.53:53', key: { name: 'k', secret: secret('dns_key') } } },
      {
        rfc2136: {
          nameserver: '192.0.2.53:53',
          tsigKeyName: 'k',
          tsigAlgorithm: 'HMACSHA256',
          tsigSecretSecretRef: { name: 'web-issuer', key: 'solver-1' },
        },
      },
    ],
    [
      { webhook: { groupName: 'acme.example.com', solverName: 's', config: { zone: 'z' } } },
      { webhook: { groupName: 'acme.example.com', solverName: 's', config: { zone: 'z' } } },
    ],
  ])('knows the zone’s keeper %j', (dns01, spec) => {
    const acme = { server: 'letsencrypt', solvers: [{ dns01 }] } as Extract<
      Issuance,
      { acme: unknown }
    >['acme'];
    expect(get(specOf({ acme }) as JsonObject, 'acme.solvers.0.dns01')).toEqual(spec);
  });

  test('puts secrets of variables into a Secret, never into the synthesised text', () => {
    const template = Template.of(
      (stack) =>
        void issuer({
          acme: {
            server: 'https://acme.example.com/directory',
            recreatable: true,
            externalAccount: { keyId: 'id', key: secret('eab_key') },
            solvers: [NGINX],
          },
        })(stack),
    );
    const made = template.named('kubernetes_secret_v1', 'web-issuer');
    expect(get(made, 'metadata.namespace')).toBe('cert-manager');
    expect(get(made, 'data_wo')).toEqual({ 'external-account': '${var.eab_key}' });
  });

  test('signs with a key pair, by itself, or by a Vault', () => {
    expect(specOf(PAIR)).toEqual({ ca: { secretName: 'root' } });
    expect(specOf({ selfSigned: true })).toEqual({ selfSigned: {} });
    const given = { certificate: secret('ca_certificate'), key: secret('ca_key'), recreatable: true };
    expect(specOf({ ca: given })).toEqual({ ca: { secretName: 'web-issuer' } });
  });

  test.each<[Extract<Issuance, { vault: unknown }>['vault']['auth'], object]>([
    [{ token: secret('vault_token') }, { tokenSecretRef: { name: 'web-issuer', key: 'token' } }],
    [
      { appRole: { roleId: 'r', secretId: secret('vault_secret_id') } },
      { appRole: { path: 'approle', roleId: 'r', secretRef: { name: 'web-issuer', key: 'secret-id' } } },
    ],
    [
      { kubernetes: { role: 'r', serviceAccount: 'issuer' } },
      { kubernetes: { mountPath: '/v1/auth/kubernetes', role: 'r', serviceAccountRef: { name: 'issuer' } } },
    ],
  ])('is known to a Vault by %j', (auth, spec) => {
    const vault = { server: 'https://vault.example.com:8200', path: 'pki/sign/web', auth };
    expect(specOf({ vault })).toEqual({ vault: { server: vault.server, path: vault.path, auth: spec } });
  });

  test.each<[Issuance, RegExp]>([
    [{ acme: { server: 'letsencrypt', solvers: [] } }, /by.acme.solvers is \[\]/],
    [{ acme: { server: 'http://acme', solvers: [NGINX] } }, /by.acme.server is "http:/],
    [
      { acme: { server: 'letsencrypt', solvers: [{ ...NGINX, dnsNames: ['*.example.com'] }] } },
      /no web server can show that/,
    ],
    [
      { acme: { server: 'letsencrypt', solvers: [{ dns01: { digitalOcean: { token: 'x' as never } } }] } },
      /secret\/literal: by: solver-1 is a literal string/,
    ],
    [
      {
        ca: {
          certificate: SecretRef.existing({ name: 'a', key: 'tls.crt' }),
          key: SecretRef.existing({ name: 'b', key: 'tls.key' }),
          recreatable: true,
        },
      },
      /from two Secrets/,
    ],
    [
      {
        ca: {
          certificate: SecretRef.existing({ name: 'a', key: 'ca.crt' }),
          key: SecretRef.existing({ name: 'a', key: 'tls.key' }),
          recreatable: true,
        },
      },
      /not under the keys/,
    ],
    [
      {
        ca: {
          certificate: secret('c'),
          key: SecretRef.existing({ name: 'a', key: 'tls.key' }),
          recreatable: true,
        },
      },
      /from different places/,
    ],
    [{ vault: { server: 'vault', path: 'p', auth: { token: secret('t') } } }, /by.vault.server is "vault"/],
  ])('%j is a fault', (by, message) => {
    expect(faults(issuer(by))).toContainEqual(expect.stringMatching(message));
  });
});

describe('the key of an authority', () => {
  const keyPair = (reference: SecretRef, certificateOf: SecretRef): Issuance => ({
    ca: { certificate: certificateOf, key: reference },
  });
  const inSecret = keyPair(
    SecretRef.existing({ name: 'root', key: 'tls.key' }),
    SecretRef.existing({ name: 'root', key: 'tls.crt' }),
  );
  const escrow = (stack: EnvironmentStack, kept: SecretRef, namespace = 'cert-manager') =>
    new Escrow(stack, 'escrow', {
      recipients: ['A', 'B'].map((name, index) => Recipient.age(RECIPIENTS[index] as string, { name })),
      secrets: { 'CA key': kept },
      namespace,
    });
  const RECIPIENTS = [
    'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
    'age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg',
  ];
  const assets = (declare: (stack: EnvironmentStack) => unknown) => {
    let found: unknown[] = [];
    Template.of((stack) => {
      declare(stack);
      found = Recovery.assets(stack).map(({ props }) => [props.id, props.kind, props.recoveredBy]);
    });
    return found;
  };

  test('has to be in the escrow, or declared as one that may be replaced', () => {
    expect(faults(issuer(inSecret))).toEqual([
      expect.stringContaining(
        'certificates/escrow: the key of web-ca (Secret root, key tls.key, namespace cert-manager) is in no escrow',
      ),
    ]);
    const kept = SecretRef.existing({ name: 'root', key: 'tls.key' });
    const both = (reference: SecretRef, namespace?: string) => (stack: EnvironmentStack) => {
      issuer(inSecret)(stack);
      escrow(stack, reference, namespace);
    };
    expect(faults(both(kept))).toEqual([]);
    expect(faults(both(kept, 'shop'))).toHaveLength(1);
    expect(faults(both(SecretRef.existing({ name: 'root', key: 'tls.crt' })))).toHaveLength(1);
    expect(faults(issuer(PAIR))).toEqual([]);
    const given = (kept: string) => (stack: EnvironmentStack) => {
      issuer(keyPair(secret('ca_key'), secret('ca_certificate')))(stack);
      escrow(stack, secret(kept));
    };
    expect(faults(given('ca_key'))).toEqual([]);
    expect(faults(given('ca_certificate'))).toHaveLength(1);
  });

  test('is an asset, brought back by whoever can', () => {
    expect(assets(issuer(PAIR))).toEqual([['web-ca', 'certificate-authority', 'redeploy']]);
    expect(
      assets((stack) => {
        issuer(inSecret)(stack);
        escrow(stack, SecretRef.existing({ name: 'root', key: 'tls.key' }));
      }),
    ).toEqual([['web-ca', 'certificate-authority', 'people']]);
    expect(assets(issuer({ selfSigned: true }))).toEqual([]);
  });

  test('of an ACME account may be replaced, unless something is bound to it', () => {
    expect(assets(issuer(ACME))).toEqual([['web-account', 'acme-account', 'redeploy']]);
    const bound = { ...(ACME as { acme: object }).acme, recreatable: false } as never;
    expect(faults(issuer({ acme: bound }))).toEqual([
      expect.stringContaining(
        'the key of web-account (Secret web-account, key tls.key, namespace cert-manager)',
      ),
    ]);
    const external = {
      server: 'letsencrypt',
      solvers: [NGINX],
      externalAccount: { keyId: 'k', key: secret('e') },
    };
    expect(faults(issuer({ acme: external }))).toHaveLength(1);
  });

  test('of an authority that cert-manager makes is one, too', () => {
    const ca = {
      name: 'root',
      namespace: 'cert-manager',
      issuer: LETSENCRYPT,
      commonName: 'Root',
      isCa: true,
    };
    const declare = (different: Partial<CertificateProps>) => (stack: EnvironmentStack) =>
      new Certificate(stack, 'root', { ...ca, ...different });
    expect(faults(declare({}))).toEqual([
      expect.stringContaining('the key of root-ca (Secret root, key tls.key'),
    ]);
    expect(assets(declare({ recreatable: true }))).toEqual([
      ['root-ca', 'certificate-authority', 'redeploy'],
    ]);
  });
});

describe('a certificate', () => {
  test('is kept by cert-manager, for a server, with a new key each time', () => {
    expect(manifests(certificate())[0]).toEqual({
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'shop-tls', namespace: 'shop' },
      spec: {
        secretName: 'shop-tls',
        issuerRef: { name: 'letsencrypt', kind: 'ClusterIssuer', group: 'cert-manager.io' },
        dnsNames: ['shop.example.com'],
        duration: '2160h',
        renewBefore: '720h',
        usages: ['digital signature', 'server auth'],
        privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
      },
    });
  });

  test.each<[string, Partial<CertificateProps>, object]>([
    ['a year', { duration: Duration.days(365) }, { duration: '8760h', renewBefore: '720h' }],
    ['a day', { duration: Duration.days(1) }, { duration: '24h', renewBefore: '8h' }],
    ['RSA', { privateKey: 'RSA' }, { usages: ['digital signature', 'key encipherment', 'server auth'] }],
    [
      'Ed25519',
      { privateKey: 'Ed25519' },
      { privateKey: { algorithm: 'Ed25519', rotationPolicy: 'Always' } },
    ],
    [
      'an authority',
      { isCa: true, recreatable: true },
      {
        isCA: true,
        duration: '43800h',
        renewBefore: '14600h',
        usages: ['cert sign', 'crl sign', 'digital signature'],
        privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Never' },
      },
    ],
    [
      'a client',
      { dnsNames: [], commonName: 'backup', usages: ['digital signature', 'client auth'] },
      { commonName: 'backup', usages: ['digital signature', 'client auth'] },
    ],
  ])('of %s', (_, different, spec) => {
    expect(manifests(certificate(different))[0]?.['spec']).toMatchObject(spec);
  });

  test('takes an issuer that is a construct', () => {
    const all = manifests((stack) => {
      const signs = issuer(ACME, { namespace: 'shop' })(stack);
      new Certificate(stack, 'certificate', { ...WEB, issuer: signs });
    });
    const made = all.find(({ kind }) => kind === 'Certificate');
    expect(get(made, 'spec.issuerRef')).toEqual({ name: 'web', kind: 'Issuer', group: 'cert-manager.io' });
  });

  test('is watched, by tiers that fit its life', () => {
    const tiersOf = (different: Partial<CertificateProps>) => {
      const all = manifests(certificate({ alerting, ...different }));
      const rules = get(
        all.find(({ kind }) => kind === 'PrometheusRule'),
        'spec.groups.0.rules',
      );
      return (rules as readonly JsonObject[])
        .filter(({ alert }) => String(alert).startsWith('CertificateExpiry'))
        .map((rule) => [rule['alert'], rule['for'], /< (\d+)/.exec(String(rule['expr']))?.[1]]);
    };
    expect(tiersOf({})).toEqual([
      ['CertificateExpiryD30', '1h', '2592000'],
      ['CertificateExpiryD15', '1h', '1296000'],
      ['CertificateExpiryD7', '1h', '604800'],
    ]);
    expect(tiersOf({ duration: Duration.days(365), renewBefore: Duration.days(100) })).toEqual(tiersOf({}));
    expect(tiersOf({ duration: Duration.days(1) })).toEqual([
      ['CertificateExpiryD30', '12m', '28800'],
      ['CertificateExpiryD15', '12m', '14400'],
      ['CertificateExpiryD7', '12m', '6720'],
    ]);
  });

  test.each<[Partial<CertificateProps>, RegExp]>([
    [{ dnsNames: [] }, /it would be for nobody/],
    [{ name: 'Shop' }, /name is "Shop"/],
    [{ commonName: 'x'.repeat(65) }, /1 to 64 characters/],
    [{ dnsNames: ['a b'] }, /dnsNames\[0\] is "a b"/],
    [{ ipAddresses: ['1.2.3'] }, /ipAddresses\[0\] is "1.2.3"/],
    [{ duration: Duration.minutes(30) }, /cert-manager takes no less than an hour/],
    [{ renewBefore: Duration.minutes(1) }, /no less than 5 minutes/],
    [{ renewBefore: Duration.days(90) }, /it is valid for 90 days alone/],
    [{ recreatable: true }, /what is no authority is always made anew/],
    [{ servedBy: { workload: 'front' } }, /servedBy.workload is "front"; kubectl cannot restart that/],
    [{ usages: ['bogus' as 'server auth'] }, /workloads\/custom-resource: the object is not valid/],
  ])('%j is a fault', (different, message) => {
    expect(faults(certificate(different))).toContainEqual(expect.stringMatching(message));
  });

  test('that its issuer cannot sign is a fault', () => {
    const by = (
      issuance: Issuance,
      different: Partial<CertificateProps>,
      own: Partial<CertificateIssuerProps> = {},
    ) =>
      faults((stack) => {
        const signs = issuer(issuance, own)(stack);
        new Certificate(stack, 'certificate', { ...WEB, issuer: signs, ...different });
      });
    expect(by(ACME, { dnsNames: ['*.example.com'] })).toEqual([
      expect.stringContaining('has no dns01 solver'),
    ]);
    expect(by(ACME, { isCa: true, recreatable: true })).toEqual([
      expect.stringContaining('no ACME authority signs another authority'),
    ]);
    expect(by(ACME, {}, { namespace: 'other' })).toEqual([
      expect.stringContaining('its issuer serves other alone'),
    ]);
    expect(by(ACME, {})).toEqual([]);
  });
});

test('cert-manager itself is watched once, the limits of ACME where it is spoken', () => {
  const alertsOf = (acme: boolean) =>
    (
      get(
        manifests((stack) => new CertManagerAlerts(stack, 'cert-manager', { acme, alerting }))[0],
        'spec.groups.0.rules',
      ) as readonly JsonObject[]
    ).map(({ alert }) => alert);
  expect(alertsOf(true)).toEqual(['CertManagerAbsent', 'CertManagerAcmeRateLimited']);
  expect(alertsOf(false)).toEqual(['CertManagerAbsent']);
});
