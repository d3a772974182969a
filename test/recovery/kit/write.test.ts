import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { KitFaultsError, writeKit } from '../../../constructs/recovery/kit';
import { kitOf } from './kits';

function folder(): string {
  return join(mkdtempSync(join(tmpdir(), 'kit-')), 'kit');
}

function kitNamed(...names: readonly string[]) {
  return kitOf((stack) => {
    for (const name of names) new ConfigMapV1(stack, name, { metadata: { name } });
  });
}

test('a kit replaces the one that was there', () => {
  const directory = folder();
  writeKit(kitNamed('a', 'b'), directory);
  writeKit(kitNamed('b'), directory);
  expect(readdirSync(directory).sort()).toEqual([
    '01-platform',
    'README.md',
    'apply',
    'images.txt',
    'plan',
    'secrets.json',
    'variables',
  ]);
  expect(readdirSync(join(directory, '01-platform'))).toEqual(['01-configmap-default-b.yaml']);
  expect(statSync(join(directory, 'apply')).mode & 0o777).toBe(0o755);
});

test('a kit with faults is not written, and the one that was there stays', () => {
  const directory = folder();
  writeKit(kitNamed('a'), directory);
  const kit = kitOf((stack) => {
    new ConfigMapV1(stack, 'b', { metadata: {} });
  });
  expect(() => writeKit(kit, directory)).toThrow(KitFaultsError);
  expect(() => writeKit(kit, directory)).toThrow(
    /1 fault .*not written[\s\S]*platform\/b.*FIX: Set metadata\.name/,
  );
  expect(readdirSync(join(directory, '01-platform'))).toEqual(['01-configmap-default-a.yaml']);
});

test('a folder that is no kit is left alone', () => {
  const directory = folder();
  mkdirSync(directory);
  writeKit(kitNamed('a'), directory);
  const precious = folder();
  mkdirSync(precious);
  writeFileSync(join(precious, 'thesis.txt'), 'x');
  expect(() => writeKit(kitNamed('a'), precious)).toThrow(/is no kit/);
  expect(readdirSync(precious)).toEqual(['thesis.txt']);
});

test('charts are copied', () => {
  const directory = folder();
  const chart = join(mkdtempSync(join(tmpdir(), 'chart-')), 'x-1.tgz');
  writeFileSync(chart, 'chart');
  writeKit({ ...kitNamed('a'), charts: [{ from: chart, to: 'charts/x-1.tgz' }] }, directory);
  expect(readFileSync(join(directory, 'charts/x-1.tgz'), 'utf8')).toBe('chart');
});
