import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { BITNAMI_LAYOUT, bitnamiValues, PgBackRestSidecar } from '../../constructs/postgres';
import { databaseProps } from '../helpers/database';
import { byName, get, type JsonObject, object, Template } from '../helpers/template';

/**
 * The values for the Bitnami chart, rendered by the chart itself. Needs helm and
 * the chart, with its dependencies, in a folder that BITNAMI_POSTGRESQL_CHART names.
 */
const CHART = process.env['BITNAMI_POSTGRESQL_CHART'];
const describeWithChart = CHART === undefined ? describe.skip : describe;

describeWithChart('the Bitnami chart with the sidecar', () => {
  let directory: string;
  let documents: JsonObject[];

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'bitnami-'));
    let values: object = {};
    Template.of((stack) => {
      const { criticality, namespace, repositories, backups } = databaseProps();
      values = bitnamiValues(
        new PgBackRestSidecar(stack, 'orders', {
          name: 'orders',
          criticality,
          namespace,
          repositories,
          backups,
          image: 'registry.example.com/platform/postgres:17-pgbackrest',
          layout: BITNAMI_LAYOUT,
          serverHost: 'orders-postgresql-0.orders-postgresql-hl.shop.svc',
        }),
      );
    });
    const file = join(directory, 'values.yaml');
    writeFileSync(file, stringify(values));
    const helm = spawnSync(
      'helm',
      ['template', 'orders', String(CHART), '--namespace', 'shop', '--values', file],
      {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      },
    );
    if (helm.status !== 0) throw new Error(helm.stderr);
    documents = parseAllDocuments(helm.stdout).map((document) => document.toJS() as JsonObject);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const named = (kind: string, name: string): JsonObject => {
    const found = documents.find((one) => one?.['kind'] === kind && get(one, 'metadata.name') === name);
    if (found === undefined) throw new Error(`the chart made no ${kind} ${name}`);
    return found;
  };

  test('runs the sidecar beside the server, on the same data and socket', () => {
    const pod = object(get(named('StatefulSet', 'orders-postgresql'), 'spec.template.spec') ?? {});
    const server = byName(pod['containers'], 'postgresql');
    const sidecar = byName(pod['containers'], 'pgbackrest');
    expect(sidecar['image']).toBe(server['image']);
    for (const volume of ['data', 'pgbackrest-socket']) {
      expect(byName(sidecar['volumeMounts'], volume)['mountPath']).toBe(
        byName(server['volumeMounts'], volume)['mountPath'],
      );
    }
  });

  test('starts the image as it is, under its own init', () => {
    const pod = object(get(named('StatefulSet', 'orders-postgresql'), 'spec.template.spec') ?? {});
    const server = byName(pod['containers'], 'postgresql');
    expect(server).not.toHaveProperty('command');
    expect(server).not.toHaveProperty('args');
  });

  test('agrees on user and data directory', () => {
    const pod = object(get(named('StatefulSet', 'orders-postgresql'), 'spec.template.spec') ?? {});
    const server = byName(pod['containers'], 'postgresql');
    expect(get(server, 'securityContext.runAsUser')).toBe(BITNAMI_LAYOUT.uid);
    expect(pod['securityContext']).toMatchObject({
      runAsUser: BITNAMI_LAYOUT.uid,
      runAsGroup: BITNAMI_LAYOUT.uid,
      fsGroup: BITNAMI_LAYOUT.uid,
    });
    expect(byName(server['env'], 'PGDATA')['value']).toBe(BITNAMI_LAYOUT.dataDirectory);
  });

  test('says no variable and no volume twice', () => {
    const pod = object(get(named('StatefulSet', 'orders-postgresql'), 'spec.template.spec') ?? {});
    const names = (list: unknown): unknown[] => (list as JsonObject[]).map(({ name }) => name);
    for (const list of [byName(pod['containers'], 'postgresql')['env'], pod['volumes']]) {
      expect(new Set(names(list)).size).toBe(names(list).length);
    }
  });

  test('gives the server the settings of the archiver', () => {
    const configuration = JSON.stringify(
      named('ConfigMap', 'orders-postgresql-extended-configuration')['data'],
    );
    expect(configuration).toContain("archive_command = 'pgbackrest --stanza=orders archive-push %p'");
  });

  test('lets the sidecar in without a password, and nobody else', () => {
    const pod = object(get(named('StatefulSet', 'orders-postgresql'), 'spec.template.spec') ?? {});
    expect(
      byName(byName(pod['containers'], 'postgresql')['volumeMounts'], 'postgresql-config'),
    ).toMatchObject({
      mountPath: '/bitnami/postgresql/conf',
    });
    const rules = String(
      object(named('ConfigMap', 'orders-postgresql-configuration')['data'] ?? {})['pg_hba.conf'],
    ).match(/.+/g);
    expect(rules?.[0]).toBe('local all postgres peer');
    expect(rules?.slice(1).filter((rule) => !rule.endsWith(' md5'))).toEqual([]);
  });

  test('lets backup jobs in to the sidecar', () => {
    const ingress = get(named('NetworkPolicy', 'orders-postgresql'), 'spec.ingress') as JsonObject[];
    const ports = ingress.flatMap((rule) => (rule['ports'] ?? []) as JsonObject[]).map(({ port }) => port);
    expect(ports).toEqual([5432, 8432]);
  });

  test('is reached under the name that backup jobs use', () => {
    expect(get(named('Service', 'orders-postgresql-hl'), 'spec.publishNotReadyAddresses')).toBe(true);
    expect(get(named('StatefulSet', 'orders-postgresql'), 'spec.serviceName')).toBe('orders-postgresql-hl');
  });
});
