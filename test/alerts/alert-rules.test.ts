import { join } from 'node:path';
import {
  type AlertDefinition,
  Alerting,
  type AlertingProps,
  AlertRules,
  type Catalogue,
  resolveRules,
} from '../../constructs/alerts';
import { declaredGroups } from '../../constructs/alerts/declared';
import { alertFiles } from '../../constructs/alerts/outputs';
import { distinctTests, ruleTests } from '../../constructs/alerts/rule-tests';
import { Duration, type EnvironmentStack } from '../../constructs/core';
import { Recovery } from '../../constructs/recovery';
import { Template } from '../helpers/template';

const BASE = 'https://git.example.com/runbooks';
const LIMIT: AlertDefinition<{ namespace: string; name: string }> = {
  id: 'ThingTooMuch',
  severity: 'warning',
  category: 'capacity',
  priority: 'P3',
  summary: 'Too much of a thing',
  description: '{{ $labels.thing }} is {{ $value }}',
  for: Duration.minutes(10),
  cases: () => [{ threshold: 0.85, expr: (threshold) => `thing > ${threshold}` }],
};
const THINGS: Catalogue<{ namespace: string; name: string }> = {
  name: 'things',
  directory: join(__dirname, 'things'),
  alerts: [LIMIT],
  labels: ({ name }) => ({ thing: name }),
  variables: () => ({}),
};

function declare(stack: EnvironmentStack, props: Partial<AlertingProps> = {}, catalogue = THINGS) {
  return new AlertRules(stack, 'alerts', {
    alerting: new Alerting({ runbookBaseUrl: BASE, ...props }),
    catalogue,
    subject: { namespace: 'shop', name: 'box' },
  });
}

function ruleOf(props: Partial<AlertingProps> = {}) {
  let rule: unknown;
  Template.of((stack) => {
    rule = declare(stack, props).rules[0]?.rule;
  });
  return rule;
}

const faults = (props: Partial<AlertingProps>, catalogue = THINGS) =>
  Template.faults((stack) => void declare(stack, props, catalogue)).map(
    ({ rule, message }) => `${rule}: ${message}`,
  );

describe('the rules of a catalogue', () => {
  test('are an object of the operator, with labels, annotations and a runbook off the platform', () => {
    const template = Template.of((stack) => void declare(stack, { objectLabels: { release: 'prometheus' } }));
    expect([...template.resources('kubernetes_manifest').values()][0]?.['manifest']).toEqual({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'box-things', namespace: 'shop', labels: { release: 'prometheus' } },
      spec: {
        groups: [
          {
            name: 'things/shop/box',
            rules: [
              {
                alert: 'ThingTooMuch',
                expr: 'thing > 0.85',
                for: '10m',
                labels: {
                  severity: 'warning',
                  category: 'capacity',
                  priority: 'P3',
                  responsible: 'platform',
                  namespace: 'shop',
                  thing: 'box',
                },
                annotations: {
                  summary: 'Too much of a thing',
                  description: '{{ $labels.thing }} is {{ $value }}',
                  runbook_url: `${BASE}/things-shop-box-ThingTooMuch.md`,
                },
              },
            ],
          },
        ],
      },
    });
  });

  test('are files alone where no operator is', () => {
    let files: Record<string, string> = {};
    const template = Template.of((stack) => {
      declare(stack, { delivery: 'files' });
      files = alertFiles(declaredGroups(stack));
      expect(Recovery.writers(stack, 'test')).toHaveLength(1);
    });
    expect(template.resources('kubernetes_manifest').size).toBe(0);
    expect(Object.keys(files)).toEqual([
      'rules.yaml',
      'rules.test.yaml',
      'runbooks/README.md',
      'runbooks/things-shop-box-ThingTooMuch.md',
    ]);
    expect(files['runbooks/things-shop-box-ThingTooMuch.md']).toContain('box');
  });

  test('are overridden by id', () => {
    const override = {
      threshold: 0.5,
      for: Duration.seconds(90),
      severity: 'critical',
      labels: { team: 'a' },
    } as const;
    expect(ruleOf({ overrides: { ThingTooMuch: override } })).toMatchObject({
      expr: 'thing > 0.5',
      for: '90s',
      labels: { severity: 'critical', team: 'a', thing: 'box' },
    });
    expect(ruleOf({ overrides: { ThingTooMuch: { expr: 'other > 1' } } })).toMatchObject({
      expr: 'other > 1',
    });
    expect(ruleOf({ overrides: { ThingTooMuch: false } })).toBeUndefined();
  });

  test('are mapped last', () => {
    const mapRule: AlertingProps['mapRule'] = (rule, id) => ({ ...rule, alert: `${id}Here` });
    expect(ruleOf({ mapRule })).toMatchObject({ alert: 'ThingTooMuchHere' });
    expect(ruleOf({ mapRule: () => undefined })).toBeUndefined();
  });

  test('one construct may differ from its environment', () => {
    const alerting = new Alerting({ runbookBaseUrl: BASE, overrides: { A: false, B: { threshold: 1 } } });
    expect(alerting.with({ overrides: { B: { threshold: 2 } } }).overrides).toEqual({
      A: false,
      B: { threshold: 2 },
    });
  });
});

describe('faults of alerting', () => {
  test.each([
    [{ overrides: { ThingTooMch: false } }, 'overrides has "ThingTooMch"'],
    [{ overrides: { ThingTooMuch: { expr: 'thing >' } } }, 'it cannot be parsed at character 8'],
    [{ mapRule: (rule) => ({ ...rule, expr: 'sum by thing' }) }, 'it cannot be parsed'],
    [{ overrides: { ThingTooMuch: { threshold: Number.NaN } } }, 'its threshold is no number'],
    [{ runbookBaseUrl: 'runbooks' }, 'it must be a URL'],
    [{ runbookBaseUrl: 'http://wiki.tools.svc.cluster.local/x' }, 'it leads into the cluster'],
    [{ delivery: 'carrier-pigeon' as never }, 'it must be prometheus-operator or files'],
    [{ mapRule: (rule) => ({ ...rule, for: '10 minutes' }) }, 'which is no duration of Prometheus'],
    [{ scrapeInterval: Duration.minutes(10) }, 'it must be 5 to 120 s'],
  ] satisfies [Partial<AlertingProps>, string][])('%j', (props, message) => {
    const found = faults(props);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  test('an alert without a runbook', () => {
    expect(faults({}, { ...THINGS, alerts: [{ ...LIMIT, runbook: 'Nowhere' }] })).toEqual([
      expect.stringContaining('ThingTooMuch has no runbook'),
    ]);
  });
});

describe('warnings of alerting', () => {
  const warnings = (props: Partial<AlertingProps>, definition: Partial<typeof LIMIT> = {}) =>
    Template.warnings(
      (stack) =>
        void declare(stack, props, {
          ...THINGS,
          alerts: [{ ...LIMIT, ...definition }],
        }),
    );

  test('a `for` under two scrapes', () => {
    const short = { overrides: { ThingTooMuch: { for: Duration.seconds(59) } } };
    expect(warnings(short)).toEqual([
      expect.objectContaining({
        rule: 'alerts/short-for',
        message: expect.stringContaining('for of ThingTooMuch is 59s'),
      }),
    ]);
    expect(warnings({ ...short, scrapeInterval: Duration.seconds(20) })).toEqual([]);
    expect(warnings({ overrides: { ThingTooMuch: { for: Duration.seconds(60) } } })).toEqual([]);
    expect(warnings({ overrides: { ThingTooMuch: { for: Duration.ZERO } } })).toHaveLength(1);
    expect(warnings({ scrapeInterval: Duration.minutes(2) }, { for: Duration.minutes(3) })).toHaveLength(1);
  });

  test('none where a catalogue means to fire at once', () => {
    expect(warnings({}, { for: Duration.ZERO })).toEqual([]);
  });
});

test('labels that an environment has otherwise are expected by its tests, too', () => {
  const expected = (props: Partial<AlertingProps>) => {
    const alerting = new Alerting({ runbookBaseUrl: BASE, ...props });
    const rules = resolveRules(THINGS, { namespace: 'shop', name: 'box' }, alerting);
    const [test] = ruleTests({ name: 'box', directory: THINGS.directory, rules, definitions: new Map() });
    return test?.promql_expr_test.flatMap(({ exp_samples }) => exp_samples.map(({ labels }) => labels));
  };
  const labels = (text: string) => [
    `ALERTS{severity="warning",category="capacity",priority="P3",${text},alertname="ThingTooMuch",alertstate="firing"}`,
  ];
  expect(expected({})).toEqual(labels('responsible="platform",namespace="shop",thing="box"'));
  expect(expected({ responsible: 'storage' })).toEqual(
    labels('responsible="storage",namespace="shop",thing="box"'),
  );
  const override = { severity: 'critical', labels: { team: 'a' } } as const;
  expect(expected({ overrides: { ThingTooMuch: override } })).toEqual([
    expect.stringMatching(/^ALERTS\{severity="critical",.*responsible="platform".*,team="a"\}$/),
  ]);
});

test('subjects that differ in their names alone are tested once, others each', () => {
  const rulesOf = (name: string, threshold: number) => {
    const catalogue: Catalogue<{ namespace: string; name: string }> = {
      ...THINGS,
      alerts: [
        { ...LIMIT, cases: ({ name }) => [{ threshold, expr: (limit) => `thing{of="${name}"} > ${limit}` }] },
      ],
    };
    const alerting = new Alerting({ runbookBaseUrl: BASE });
    return {
      name,
      directory: THINGS.directory,
      rules: resolveRules(catalogue, { namespace: 'shop', name }, alerting),
      definitions: new Map(),
    };
  };
  const testsOf = (...groups: ReturnType<typeof rulesOf>[]) =>
    new Set(distinctTests(groups).map(({ name }) => / of (\S+):/.exec(name)?.[1]));
  expect(testsOf(rulesOf('a-box', 1), rulesOf('b-box', 1))).toEqual(new Set(['shop/a-box']));
  expect(testsOf(rulesOf('a-box', 1), rulesOf('b-box', 2))).toEqual(new Set(['shop/a-box', 'shop/b-box']));
});
