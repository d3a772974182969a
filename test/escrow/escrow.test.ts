import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, SecretRef } from '../../constructs/core';
import { Escrow, type EscrowProps, Recipient } from '../../constructs/escrow';
import { PostgresDatabase } from '../../constructs/postgres';
import { buildReport, Recovery } from '../../constructs/recovery';
import { synthesise } from '../../constructs/recovery/synthesise';
import { findEnvironment } from '../../environments';
import { declareEnvironment } from '../../stacks';
import { databaseProps, REPOSITORY, secret } from '../helpers/database';
import { Template } from '../helpers/template';
import { person } from './recipients';

const KEYS: string[] = [];

// Keys are made, not copied: their checksum has to be right.
beforeAll(async () => {
  for (const name of ['a', 'b', 'c']) KEYS.push((await person(name)).recipient.key);
});

const key = (index: number): string => KEYS[index] ?? '';
const two = (): Recipient[] => [
  Recipient.age(key(0), { name: 'Platform on-call' }),
  Recipient.age(key(1), { name: 'Safe in Lyon' }),
];
const SECRETS = { 'repository passphrase': secret('passphrase') };

function faults(different: Partial<EscrowProps> = {}) {
  const props = { recipients: two(), secrets: SECRETS, ...different };
  return Template.faults((stack) => {
    new Escrow(stack, 'escrow', props);
  });
}

const rules = (...args: Parameters<typeof faults>) => faults(...args).map(({ rule }) => rule);

describe('faults', () => {
  test('a sound declaration has none', () => {
    expect(faults()).toEqual([]);
  });

  test('fewer than two keys', () => {
    expect(rules({ recipients: [] })).toEqual(['escrow/recipients']);
    expect(rules({ recipients: two().slice(0, 1) })).toEqual(['escrow/recipients']);
    expect(
      rules({ recipients: [...two().slice(0, 1), Recipient.age(key(0), { name: 'Other name' })] }),
    ).toEqual(['escrow/recipient', 'escrow/recipients']);
  });

  test('two recipients of one name', () => {
    expect(rules({ recipients: [...two(), Recipient.age(key(2), { name: 'Safe in Lyon' })] })).toEqual([
      'escrow/recipient',
    ]);
  });

  test.each([
    ['a slip', () => `${key(2).slice(0, -1)}${key(2).endsWith('q') ? 'p' : 'q'}`],
    ['something else', () => 'ssh-ed25519 AAAA'],
    ['nothing', () => ''],
    ['upper case, which age refuses', () => key(2).toUpperCase()],
  ])('a key with %s', (_, wrong) => {
    const found = faults({ recipients: [...two(), Recipient.age(wrong(), { name: 'Third' })] });
    expect(found).toMatchObject([{ rule: 'escrow/recipient', message: expect.stringContaining('of Third') }]);
  });

  test('an identity where a public key belongs is never repeated', async () => {
    const { identity } = await person('Third');
    const found = faults({ recipients: [...two(), Recipient.age(identity.secret, { name: 'Third' })] });
    expect(found).toMatchObject([{ message: expect.stringContaining('is an identity') }]);
    expect(JSON.stringify(found)).not.toContain(identity.secret.slice(20, 40));
  });

  test('a recipient without a name', () => {
    expect(rules({ recipients: [...two(), Recipient.age(key(2), { name: '' })] })).toEqual([
      'escrow/recipient',
    ]);
  });

  test('nothing to keep, a literal, and a name of two lines', () => {
    expect(rules({ secrets: {} })).toEqual(['escrow/secrets']);
    const literal = faults({ secrets: { passphrase: 'hunter2-hunter2' as unknown as SecretRef } });
    expect(literal).toMatchObject([{ rule: 'secret/literal' }]);
    expect(JSON.stringify(literal)).not.toContain('hunter2');
    expect(rules({ secrets: { 'a\nrm -rf /': secret('a') } })).toEqual(['escrow/secrets']);
  });

  test('an existing Secret needs its namespace', () => {
    const secrets = { 'CA key': SecretRef.existing({ name: 'ca', key: 'tls.key' }) };
    expect(rules({ secrets })).toEqual(['escrow/namespace']);
    expect(rules({ secrets, namespace: 'shop' })).toEqual([]);
  });

  test('a second escrow of one environment', () => {
    const found = Template.faults((stack) => {
      new Escrow(stack, 'escrow', { recipients: two(), secrets: SECRETS });
      new Escrow(stack, 'other', { recipients: two(), secrets: SECRETS });
    });
    expect(found).toMatchObject([{ rule: 'escrow/second', path: 'test-platform/other' }]);
  });
});

describe('the report', () => {
  const report = (secrets: EscrowProps['secrets'] | undefined) => {
    let status: string | undefined;
    Template.of((stack) => {
      new PostgresDatabase(stack, 'orders', databaseProps());
      if (secrets !== undefined) new Escrow(stack, 'escrow', { recipients: two(), secrets });
      const [escrow] = Recovery.escrows(stack);
      status = buildReport('test', Recovery.assets(stack), [], escrow).assets[0]?.escrow;
    });
    return status;
  };

  test('a secret of the same name in another namespace, or another key of it, is another secret', () => {
    const passphrase = SecretRef.existing({ name: 'repository', key: 'passphrase' });
    const asset = (namespace: string, key: string) => {
      let status: string | undefined;
      Template.of((stack) => {
        new PostgresDatabase(
          stack,
          'orders',
          databaseProps({ repositories: [{ ...REPOSITORY, passphrase }] }),
        );
        const secrets = { passphrase: SecretRef.existing({ name: 'repository', key }) };
        new Escrow(stack, 'escrow', { recipients: two(), secrets, namespace });
        status = buildReport('test', Recovery.assets(stack), [], Recovery.escrows(stack)[0]).assets[0]
          ?.escrow;
      });
      return status;
    };
    expect(asset('shop', 'passphrase')).toBe('declared');
    expect(asset('other', 'passphrase')).toBe('missing');
    expect(asset('shop', 'other')).toBe('missing');
  });

  test('tells of each database whether its passphrase is in the escrow', () => {
    expect(report(SECRETS)).toBe('declared');
    expect(report({ 'another one': secret('another') })).toBe('missing');
    expect(report(undefined)).toBe('missing');
  });
});

describe('an environment', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'escrow-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const synth = (recipients: readonly Recipient[]) => {
    const app = new App({ outdir: directory, stackTraces: false });
    declareEnvironment(app, { ...findEnvironment('production'), escrow: { recipients, without: 'refuse' } });
    synthesise(app);
    const read = (file: string) => readFileSync(join(directory, 'recovery/production', file), 'utf8');
    return { app, read };
  };

  test('says what is sealed and for whom, for the deploy and in the kit', () => {
    const { read } = synth(two());
    expect(JSON.parse(read('escrow.json'))).toEqual({
      environment: 'production',
      recipients: [
        { name: 'Platform on-call', key: key(0) },
        { name: 'Safe in Lyon', key: key(1) },
      ],
      secrets: [
        { name: 'repository passphrase', variable: 'TF_VAR_repository_passphrase' },
        { name: 'superuser password of orders', variable: 'TF_VAR_orders_superuser_password' },
        { name: 'password of orders_app in orders', variable: 'TF_VAR_orders_app_password' },
      ],
    });
    expect(JSON.parse(read('report.json')).assets).toMatchObject([{ id: 'orders', escrow: 'declared' }]);
    expect(read('kit/README.md')).toContain('Platform on-call, Safe in Lyon: each of them alone');
  });

  test('without recipients there is none, and the report says so', () => {
    const { read } = synth([]);
    expect(() => read('escrow.json')).toThrow('ENOENT');
    expect(JSON.parse(read('report.json')).assets).toMatchObject([{ escrow: 'missing' }]);
    expect(read('kit/README.md')).not.toContain('escrow');
  });

  test('makes no object: a stack with it applies what a stack without it applies', () => {
    const stack = () => readFileSync(join(directory, 'stacks/production-platform/cdk.tf.json'), 'utf8');
    synth([]);
    const without = stack();
    synth(two());
    expect(stack()).toBe(without);
  });
});
