import { Alerting } from '../../constructs/alerts';
import { PostgresDatabase, type PostgresDatabaseProps } from '../../constructs/postgres';
import { Recovery } from '../../constructs/recovery';
import { databaseProps } from '../helpers/database';
import { get, type JsonObject, Template } from '../helpers/template';

const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });

function declared(different: Partial<PostgresDatabaseProps> = {}): {
  readonly rules: readonly JsonObject[];
  readonly watches: readonly string[];
} {
  let watches: readonly string[] = [];
  const template = Template.of((stack) => {
    new PostgresDatabase(stack, 'orders', databaseProps(different));
    watches = Recovery.assets(stack).flatMap((asset) => asset.watches.map(({ alert }) => alert));
  });
  const objects = [...template.resources('kubernetes_manifest').values()].map(
    (one) => get(one, 'manifest') as JsonObject,
  );
  // What is recorded of it, and the rules that databases of its namespace have in common.
  const rules = objects.filter((one) => get(one, 'kind') === 'PrometheusRule');
  return {
    rules: rules.flatMap((one) => get(one, 'spec.groups.0.rules') as JsonObject[]),
    watches,
  };
}

test('nothing watches a database for which nobody is alerted', () => {
  expect(declared()).toEqual({ rules: [], watches: [] });
});

test('the report names what watches a database', () => {
  const { rules, watches } = declared({ alerting });
  expect(watches).toEqual(expect.arrayContaining(['PostgresDown', 'PgBackRestFullTooOld']));
  expect(rules.map(({ alert }) => alert)).toEqual(
    expect.arrayContaining(['PostgresDown', 'PgBackRestFullTooOld']),
  );
  expect(rules.map(({ record }) => record)).toContain('disaster_recovery_database');
});

test('an environment can go without one, and keep the others', () => {
  const without = alerting.with({ overrides: { PostgresDown: false } });
  expect(declared({ alerting: without }).watches).not.toContain('PostgresDown');
});
