import { checkCopies, keyFaults, placeFaults } from '../../../constructs/aws/place';
import { Duration, Schedule } from '../../../constructs/core';
import { type AssetProps, type Location, type Protection, Recovery } from '../../../constructs/recovery';
import { Template } from '../../helpers/template';

const HERE = { region: 'eu-west-3', account: '111122223333' };
const at = (location: Partial<Location>, protection: Partial<Protection> = {}): Protection => ({
  kind: 'snapshot',
  schedule: Schedule.daily({ hour: 2 }),
  retention: '35 days',
  location: { vault: 'copies', ...location },
  ...protection,
});
const OTHER_REGION = at({ ...HERE, region: 'eu-central-1' });
const OTHER_ACCOUNT = at({ ...HERE, account: '444455556666' });

function found(asset: Partial<AssetProps>, ...protections: Protection[]) {
  const declare = (stack: Parameters<Parameters<typeof Template.of>[0]>[0]) => {
    const recovery = Recovery.of(stack);
    const declared = recovery.asset({
      id: 'orders',
      kind: 'rds',
      criticality: 'critical',
      recoveredBy: 'provider',
      ...asset,
    });
    for (const protection of protections) recovery.protects(declared, protection);
    checkCopies(stack, declared, HERE);
  };
  const rules = (list: readonly { readonly rule: string }[]) => list.map(({ rule }) => rule);
  return { faults: rules(Template.faults(declare)), warnings: rules(Template.warnings(declare)) };
}

const nothing: string[] = [];

test.each<[string, Partial<AssetProps>, Protection[], { faults: string[]; warnings: string[] }]>([
  ['critical, no copy', {}, [], { faults: ['aws/no-copy'], warnings: nothing }],
  ['critical, copied in its place', {}, [at(HERE)], { faults: ['aws/copies-together'], warnings: nothing }],
  ['critical, another region', {}, [at(HERE), OTHER_REGION], { faults: nothing, warnings: nothing }],
  [
    'critical, another account',
    {},
    [at(HERE), OTHER_ACCOUNT],
    { faults: nothing, warnings: ['aws/one-region'] },
  ],
  ['critical, both', {}, [OTHER_ACCOUNT, OTHER_REGION], { faults: nothing, warnings: nothing }],
  [
    'critical, a store that is not Amazon’s, of a like region',
    {},
    [at({ endpoint: 'https://vault.example.com', region: 'eu-west-3' })],
    { faults: nothing, warnings: nothing },
  ],
  [
    'critical, in the cluster',
    {},
    [at({ endpoint: 'https://minio.default.svc', cluster: 'minio.default.svc' })],
    { faults: ['aws/copies-together'], warnings: nothing },
  ],
  [
    'critical, versions alone',
    {},
    [at({ ...HERE, region: 'eu-central-1' }, { kind: 'versioning' })],
    { faults: ['aws/no-copy'], warnings: nothing },
  ],
  [
    'moderate, in its place',
    { criticality: 'moderate' },
    [at(HERE)],
    { faults: nothing, warnings: ['aws/copies-together'] },
  ],
  [
    'moderate, another account',
    { criticality: 'moderate' },
    [OTHER_ACCOUNT],
    { faults: nothing, warnings: nothing },
  ],
  ['low, no copy', { criticality: 'low' }, [], { faults: nothing, warnings: nothing }],
  [
    'a copy that is too rare',
    { objectives: { rpo: Duration.hours(1) } },
    [OTHER_REGION],
    { faults: ['aws/rpo'], warnings: nothing },
  ],
  [
    'a copy that is young here and old elsewhere',
    { objectives: { rpo: Duration.hours(1) } },
    [at(HERE, { maximumLag: Duration.minutes(5) }), OTHER_REGION],
    { faults: nothing, warnings: ['aws/rpo-elsewhere'] },
  ],
  [
    'a copy whose age nobody promises',
    { criticality: 'low', objectives: { rpo: Duration.hours(1) } },
    [{ kind: 'mirror', retention: 'as long', location: OTHER_REGION.location }],
    { faults: ['aws/rpo'], warnings: nothing },
  ],
  [
    'a daily copy for a day and a half',
    { objectives: { rpo: Duration.hours(36) } },
    [OTHER_REGION],
    { faults: nothing, warnings: nothing },
  ],
])('%s', (_, asset, protections, expected) => expect(found(asset, ...protections)).toEqual(expected));

test('a place that is none is told by property and value', () =>
  expect(placeFaults({ region: 'Paris', account: '42' }, 'copyTo').map(({ message }) => message)).toEqual([
    'copyTo.region is "Paris", which is no region of Amazon',
    'copyTo.account is "42", and an account of Amazon has twelve digits',
  ]));

test('a key of another region, and what is no key', () => {
  expect(keyFaults('kmsKeyArn', 'arn:aws:kms:eu-west-3:111122223333:key/k', HERE)).toEqual([]);
  expect(keyFaults('kmsKeyArn', '${aws_kms_key.k.arn}', HERE)).toEqual([]);
  expect(keyFaults('kmsKeyArn', 'arn:aws:kms:us-east-1:111122223333:key/k', HERE)[0]?.message).toBe(
    'kmsKeyArn is a key in us-east-1, and is used in eu-west-3, where it does not exist',
  );
  expect(keyFaults('kmsKeyArn', 'alias/backup', HERE)[0]?.message).toContain('is no ARN of a key');
});
