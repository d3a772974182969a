import { Alerting } from '../../constructs/alerts';
import { declaredGroups } from '../../constructs/alerts/declared';
import { CertificateIssuer, type Issuance } from '../../constructs/certificates';
import { Duration, type EnvironmentStack, SecretRef } from '../../constructs/core';
import {
  BITNAMI_LAYOUT,
  bitnamiValues,
  PgBackRestSidecar,
  PostgresDatabase,
  type PostgresDatabaseProps,
  type TlsProps,
} from '../../constructs/postgres';
import { databaseProps, secret } from '../helpers/database';
import { byName, get, type JsonObject, object, Template } from '../helpers/template';

const issuer = { name: 'databases', kind: 'ClusterIssuer' };
const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });

const synthesise = (tls: Partial<TlsProps> = {}, different: Partial<PostgresDatabaseProps> = {}) =>
  Template.of((stack) => {
    new PostgresDatabase(stack, 'orders', databaseProps({ tls: { issuer, ...tls }, ...different }));
  });
const certificates = (template: Template): Record<string, JsonObject> =>
  Object.fromEntries(
    [...template.resources('kubernetes_manifest').values()]
      .map((one) => get(one, 'manifest') as JsonObject)
      .filter(({ kind }) => kind === 'Certificate')
      .map((manifest) => [String(get(manifest, 'metadata.name')), manifest]),
  );
const conf = (template: Template, part: string) =>
  String(
    object(template.named('kubernetes_config_map_v1', `orders-pgbackrest-${part}`)['data'] ?? {})[
      'pgbackrest.conf'
    ],
  );
const volumes = (template: Template, kind: string, name: string, path: string) =>
  get(template.named(kind, name), `${path}.volume`);
const jobVolumes = (template: Template) =>
  volumes(template, 'kubernetes_cron_job_v1', 'orders-backup-full', 'spec.job_template.spec.template.spec');

describe('certificates of cert-manager', () => {
  const template = synthesise();

  test('take the place of the Job, of its rights and of its Secret', () => {
    const names = (type: string) =>
      [...template.resources(type).values()].map((one) => String(get(one, 'metadata.name')));
    expect(names('kubernetes_cron_job_v1')).not.toContain('orders-tls-renewal');
    expect(names('kubernetes_job_v1').filter((name) => name.startsWith('orders-tls'))).toEqual([]);
    expect(names('kubernetes_secret_v1')).not.toContain('orders-tls-pair');
    for (const type of ['kubernetes_role_v1', 'kubernetes_role_binding_v1', 'kubernetes_service_account_v1'])
      expect(names(type)).toEqual([]);
  });

  test('are one of a server, for every pod by its name, and one of a client', () => {
    const replicated = { replicas: 2, replicationPassword: secret('replication_password') };
    const { 'orders-tls-client': client, 'orders-tls-server': server } = certificates(
      synthesise({}, replicated),
    );
    expect(server).toMatchObject({
      metadata: { namespace: 'shop' },
      spec: {
        secretName: 'orders-tls-server',
        issuerRef: { name: 'databases', kind: 'ClusterIssuer', group: 'cert-manager.io' },
        dnsNames: [0, 1, 2].map((ordinal) => `orders-${ordinal}.orders-pods.shop.svc`),
        usages: ['digital signature', 'server auth'],
        privateKey: { rotationPolicy: 'Always' },
      },
    });
    expect(client).toMatchObject({
      spec: {
        secretName: 'orders-tls-client',
        commonName: 'orders-backup.shop',
        usages: ['digital signature', 'client auth'],
      },
    });
    expect(get(client ?? {}, 'spec.dnsNames')).toBeUndefined();
    expect(get(server ?? {}, 'spec.commonName')).toBeUndefined();
  });

  test('of a client are known by name and namespace, since others have the same issuer', () => {
    expect(conf(template, 'sidecar')).toContain('tls-server-auth=orders-backup.shop=orders\n');
    const long = { name: 'o'.repeat(40), namespace: 'n'.repeat(40) };
    const made = certificates(synthesise({}, long));
    const commonName = String(get(made[`${long.name}-tls-client`] ?? {}, 'spec.commonName'));
    expect(commonName.length).toBeLessThanOrEqual(64);
    const other = certificates(synthesise({}, { ...long, namespace: 'm'.repeat(40) }));
    expect(get(other[`${long.name}-tls-client`] ?? {}, 'spec.commonName')).not.toBe(commonName);
  });

  test('are renewed as they are told to be', () => {
    const made = certificates(synthesise({ duration: Duration.days(1), renewBefore: Duration.hours(6) }));
    for (const certificate of Object.values(made))
      expect(certificate['spec']).toMatchObject({ duration: '24h', renewBefore: '6h' });
    expect(Object.keys(made)).toHaveLength(2);
  });

  test('come to the server’s pod when they are there, which does not wait for them', () => {
    const pod = volumes(template, 'kubernetes_stateful_set_v1', 'orders', 'spec.template.spec');
    expect(get(byName(pod, 'tls'), 'projected.0')).toEqual({
      default_mode: '0400',
      sources: [
        {
          secret: [
            {
              name: 'orders-tls-server',
              optional: true,
              items: [
                { key: 'ca.crt', path: 'ca.crt' },
                { key: 'tls.crt', path: 'server.crt' },
                { key: 'tls.key', path: 'server.key' },
              ],
            },
          ],
        },
        {
          secret: [
            {
              name: 'orders-tls-client',
              optional: true,
              items: [{ key: 'ca.crt', path: 'peer-ca.crt' }],
            },
          ],
        },
      ],
    });
  });

  test('are waited for by a backup job, which has the client’s key and no other', () => {
    const sources = get(byName(jobVolumes(template), 'tls'), 'projected.0.sources') as JsonObject[];
    expect(sources.map((source) => get(source, 'secret.0'))).toEqual([
      {
        name: 'orders-tls-client',
        optional: false,
        items: [
          { key: 'ca.crt', path: 'ca.crt' },
          { key: 'tls.crt', path: 'client.crt' },
          { key: 'tls.key', path: 'client.key' },
        ],
      },
      { name: 'orders-tls-server', optional: true, items: [{ key: 'ca.crt', path: 'peer-ca.crt' }] },
    ]);
  });

  test('are accepted from the authorities of both, which the scripts put into one file', () => {
    expect(conf(template, 'sidecar')).toContain('tls-server-ca-file=/tmp/tls-authorities.crt\n');
    expect(conf(template, 'job')).toContain('pg1-host-ca-file=/tmp/tls-authorities.crt\n');
    const own = Template.of((stack) => void new PostgresDatabase(stack, 'orders', databaseProps()));
    expect(conf(own, 'sidecar')).toContain('tls-server-ca-file=/run/secrets/tls/ca.crt\n');
    expect(conf(own, 'sidecar')).toContain('tls-server-auth=orders-backup=orders\n');
  });
});

describe('an issuer', () => {
  const faults = (by: Issuance) =>
    Template.faults((stack) => {
      const declared = new CertificateIssuer(stack, 'issuer', { name: 'web', by });
      new PostgresDatabase(stack, 'orders', databaseProps({ tls: { issuer: declared } }));
    });
  const pair = (key: string) => SecretRef.existing({ name: 'root', key });

  test('that is declared is referred to', () => {
    const made = certificates(
      Template.of((stack) => {
        const by = { ca: { certificate: pair('tls.crt'), key: pair('tls.key'), recreatable: true } };
        const declared = new CertificateIssuer(stack, 'issuer', { name: 'own', namespace: 'shop', by });
        new PostgresDatabase(stack, 'orders', databaseProps({ tls: { issuer: declared } }));
      }),
    );
    expect(get(made['orders-tls-server'] ?? {}, 'spec.issuerRef')).toEqual({
      name: 'own',
      kind: 'Issuer',
      group: 'cert-manager.io',
    });
  });

  test.each<[Issuance, RegExp]>([
    [
      { acme: { server: 'letsencrypt', solvers: [{ http01: { ingressClass: 'nginx' } }] } },
      /tls\.issuer is "web"; no ACME authority signs for names inside a cluster/,
    ],
    [{ selfSigned: true }, /tls\.issuer is "web"; each certificate would be its own authority/],
  ])('%j is a fault', (by, message) => {
    expect(faults(by)).toEqual([
      {
        path: 'test-platform/orders',
        rule: 'postgres/tls',
        message: expect.stringMatching(message),
        fix: expect.stringContaining('by: { ca }'),
      },
    ]);
  });

  test('of another namespace is a fault of both certificates', () => {
    const found = Template.faults((stack) => {
      const by = { ca: { certificate: pair('tls.crt'), key: pair('tls.key'), recreatable: true } };
      const declared = new CertificateIssuer(stack, 'issuer', { name: 'own', namespace: 'other', by });
      new PostgresDatabase(stack, 'orders', databaseProps({ tls: { issuer: declared } }));
    });
    expect(found.map(({ rule }) => rule)).toEqual(['certificates/certificate', 'certificates/certificate']);
  });
});

describe('the alerts on certificates', () => {
  const groups = (declare: (stack: EnvironmentStack) => void) => {
    let found: ReturnType<typeof declaredGroups> = [];
    Template.of((stack) => {
      declare(stack);
      found = declaredGroups(stack);
    });
    return found;
  };
  const named = (found: ReturnType<typeof declaredGroups>) =>
    found.map(({ name }) => name).filter((name) => name.startsWith('certificate/'));
  const declare = (different: Partial<PostgresDatabaseProps>) =>
    groups((stack) => void new PostgresDatabase(stack, 'orders', databaseProps(different)));
  const both = ['certificate/shop/orders-tls-client', 'certificate/shop/orders-tls-server'];

  test('come with those of the database, or with their own', () => {
    expect(named(declare({ tls: { issuer }, alerting })).sort()).toEqual(both);
    expect(named(declare({ tls: { issuer, alerting } })).sort()).toEqual(both);
    expect(named(declare({ tls: { issuer } }))).toEqual([]);
    expect(named(declare({ alerting }))).toEqual([]);
  });

  test('take the place of those on the Job, and nobody is told to restart the database', () => {
    const found = declare({ tls: { issuer }, alerting });
    const rules = found.flatMap((group) => group.rules);
    expect(rules.filter(({ rule }) => rule.labels['cronjob'] === 'orders-tls-renewal')).toEqual([]);
    const runbooks = rules.filter(({ id }) => id === 'CertificateNotReady');
    expect(runbooks.map(({ variables }) => variables['reloads'])).toEqual([true, true]);
  });
});

test('a server of somebody else gets them as fragments, and as values for a chart', () => {
  const { backups, criticality, namespace, repositories } = databaseProps();
  let sidecar: PgBackRestSidecar | undefined;
  const template = Template.of((stack) => {
    sidecar = new PgBackRestSidecar(stack, 'orders', {
      ...{ backups, criticality, namespace, repositories, layout: BITNAMI_LAYOUT },
      name: 'orders',
      image: 'registry.example.com/platform/postgres:17-pgbackrest',
      serverHost: 'orders-postgresql-0.orders-postgresql-hl.shop.svc',
      tls: { issuer, alerting },
    });
  });
  expect(get(certificates(template)['orders-tls-server'] ?? {}, 'spec.dnsNames')).toEqual([
    'orders-postgresql-0.orders-postgresql-hl.shop.svc',
  ]);
  const values = bitnamiValues(sidecar as PgBackRestSidecar) as {
    primary: { extraVolumes: readonly { name: string }[] };
  };
  expect(values.primary.extraVolumes.find(({ name }) => name === 'tls')).toMatchObject({
    projected: {
      defaultMode: 0o400,
      sources: [
        { secret: { name: 'orders-tls-server', optional: true } },
        { secret: { name: 'orders-tls-client', optional: true } },
      ],
    },
  });
});
