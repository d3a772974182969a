import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { CronJobV1 } from '@cdktf/provider-kubernetes/lib/cron-job-v1';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import type { EnvironmentStack } from '../../constructs/core';
import { PostgresDatabase } from '../../constructs/postgres';
import {
  EXCLUDE_LABEL,
  type ExclusionSelector,
  excludeDeclared,
  exclusionSelectors,
} from '../../constructs/velero';
import { CustomResource } from '../../constructs/workloads';
import { databaseProps } from '../helpers/database';
import { get, type JsonObject, Template } from '../helpers/template';

type Labels = Record<string, string>;

function deployment(stack: EnvironmentStack, name: string, labels: Labels): void {
  new DeploymentV1(stack, name, {
    metadata: { name },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { container: [{ name: 'c', image: 'i' }] } },
    },
  });
}

function selectorsOf(declare: (stack: EnvironmentStack) => void): readonly ExclusionSelector[] {
  let found: readonly ExclusionSelector[] = [];
  Template.of((stack) => {
    declare(stack);
    found = exclusionSelectors([stack]);
  });
  return found;
}

/** As Velero takes them: one of the selectors has to fit, each of whose labels has none of the values. */
function isBackedUp(selectors: readonly ExclusionSelector[], labels: Labels): boolean {
  if (selectors.length === 0) return true;
  return selectors.some((selector) =>
    selector.every(({ key, values }) => labels[key] === undefined || !values.includes(labels[key])),
  );
}

describe('what declared workloads make', () => {
  test('is left out by the labels of their templates, and nothing else is', () => {
    const selectors = selectorsOf((stack) => {
      deployment(stack, 'a', { app: 'a', part: 'server' });
      deployment(stack, 'b', { app: 'b', part: 'worker' });
      deployment(stack, 'c', { name: 'c' });
    });
    for (const labels of [
      { app: 'a', part: 'server' },
      { app: 'b', part: 'worker', more: 'x' },
      { name: 'c' },
    ] as Labels[])
      expect(isBackedUp(selectors, labels)).toBe(false);
    for (const labels of [
      {},
      { app: 'a' },
      { part: 'server' },
      { app: 'z', part: 'server' },
      { name: 'd' },
    ] as Labels[])
      expect(isBackedUp(selectors, labels)).toBe(true);
  });

  test('of a database is its pods, claims, jobs and backups', () => {
    const selectors = selectorsOf((stack) => void new PostgresDatabase(stack, 'orders', databaseProps()));
    const own = { 'app.kubernetes.io/name': 'postgres', 'app.kubernetes.io/instance': 'orders' };
    for (const component of [undefined, 'server', 'backup', 'dump', 'tls', 'clone'])
      expect(
        isBackedUp(selectors, {
          ...own,
          ...(component === undefined ? {} : { 'app.kubernetes.io/component': component }),
        }),
      ).toBe(false);
    // Another team's, of the same name or the same kind.
    expect(isBackedUp(selectors, { ...own, 'app.kubernetes.io/name': 'shop' })).toBe(true);
    expect(isBackedUp(selectors, { ...own, 'app.kubernetes.io/instance': 'another' })).toBe(true);
  });

  test('is nothing where nothing is declared', () => {
    expect(selectorsOf(() => undefined)).toEqual([]);
  });

  test('says each thing once, and nothing that another selector says', () => {
    const selectors = selectorsOf((stack) => {
      deployment(stack, 'a', { app: 'a', part: 'server' });
      deployment(stack, 'b', { app: 'a' });
    });
    expect(selectors).toEqual([[{ key: 'app', values: ['a'] }]]);
  });
});

test('declared objects have the label, their templates and namespaces do not', () => {
  const template = Template.of((stack) => {
    new NamespaceV1(stack, 'namespace', { metadata: { name: 'n' } });
    new ConfigMapV1(stack, 'map', { metadata: { name: 'm', labels: { mine: 'yes' } } });
    new CronJobV1(stack, 'job', {
      metadata: { name: 'j' },
      spec: {
        schedule: '0 0 * * *',
        jobTemplate: {
          metadata: { labels: { app: 'j' } },
          spec: {
            template: {
              metadata: { labels: { app: 'j' } },
              spec: { container: [{ name: 'c', image: 'i' }] },
            },
          },
        },
      },
    });
    new CustomResource(stack, 'custom', {
      apiVersion: 'example.com/v1',
      kind: 'Thing',
      metadata: { name: 't', labels: { mine: 'yes' } },
      spec: {},
    });
    excludeDeclared([stack]);
  });
  const labels = (type: string, path = 'metadata'): unknown =>
    get([...template.resources(type).values()][0] as JsonObject, `${path}.labels`);
  expect(labels('kubernetes_namespace_v1')).toBeUndefined();
  expect(labels('kubernetes_config_map_v1')).toEqual({ mine: 'yes', [EXCLUDE_LABEL]: 'true' });
  expect(labels('kubernetes_cron_job_v1')).toEqual({ [EXCLUDE_LABEL]: 'true' });
  expect(labels('kubernetes_cron_job_v1', 'spec.job_template.metadata')).toEqual({ app: 'j' });
  expect(labels('kubernetes_manifest', 'manifest.metadata')).toEqual({
    mine: 'yes',
    [EXCLUDE_LABEL]: 'true',
  });
});
