import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recipient } from '../../constructs/escrow';
import { drillsOf, openSealed } from '../../constructs/escrow/client';
import type { ObjectStore } from '../../constructs/object-storage/client';
import { requireEscrow, sealSecrets } from '../../deploy/escrow';
import { Kubectl } from '../../deploy/kubectl';
import type { Environment } from '../../environments';
import { VAULT_KEYS } from '../../environments/keys';
import { type DrillOptions, drill } from '../../escrow/drill';
import { FakeKubectl } from '../escrow/fake-kubectl';
import { type Person, person } from '../escrow/recipients';

class Memory implements ObjectStore {
  readonly objects = new Map<string, string>();
  read = async (key: string) => this.objects.get(key);
  write = async (key: string, body: string | Uint8Array) => void this.objects.set(key, String(body));
  writeNew = async (key: string, body: string) =>
    !this.objects.has(key) && this.objects.set(key, body) && true;
  keys = async (prefix: string) => [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
}

const PASSPHRASE = 'passphrase-5f1c';
const PASSWORD = 'password-77ab';
const CA = 'ca-key-2d90';
const VARIABLES = {
  TF_VAR_repository_passphrase: PASSPHRASE,
  TF_VAR_orders_app_password: PASSWORD,
};

let anna: Person;
let ben: Person;
let store: Memory;
let fake: FakeKubectl;
let directory: string;
let said: string[];

beforeAll(async () => {
  anna = await person('Anna');
  ben = await person('Ben');
});
beforeEach(() => {
  store = new Memory();
  said = [];
  fake = new FakeKubectl(PASSPHRASE);
  fake.secret('shop', 'ca', { 'tls.key': CA });
  fake.secret('shop', 'orders-repository-keys', { PGBACKREST_REPO1_CIPHER_PASS: PASSPHRASE });
  fake.secret('shop', 'orders-roles', { orders_app: PASSWORD });
  directory = mkdtempSync(join(tmpdir(), 'escrow-'));
  mkdirSync(join(directory, 'cdktf.out/recovery/production'), { recursive: true });
  writeFileSync(
    join(directory, 'cdktf.out/recovery/production/escrow.json'),
    JSON.stringify({
      environment: 'production',
      recipients: [anna.recipient, ben.recipient],
      secrets: [
        { name: 'repository passphrase', variable: 'TF_VAR_repository_passphrase' },
        { name: 'password of orders_app', variable: 'TF_VAR_orders_app_password' },
        { name: 'CA key', secret: { namespace: 'shop', name: 'ca', key: 'tls.key' } },
      ],
    }),
  );
});
afterEach(() => {
  // Whatever was done: nothing told, no command line and no object shows a value.
  const shown = [...said, fake.calls, ...[...store.objects].flat()].join('\n');
  for (const value of [PASSPHRASE, PASSWORD, CA]) {
    expect(shown).not.toContain(value);
    expect(shown).not.toContain(Buffer.from(value).toString('base64'));
  }
  fake.dispose();
  rmSync(directory, { recursive: true, force: true });
});

const kubectl = () => new Kubectl({ binary: fake.program });
const progress = (message: string): void => void said.push(message);
const seal = (variables: Record<string, string> = VARIABLES) =>
  sealSecrets({
    environment: { name: 'production', namespace: 'shop' },
    incarnation: 'eu-1',
    store,
    kubectl: kubectl(),
    directory,
    variables,
    progress,
  });
const sealedFiles = () => [...store.objects.keys()].filter((key) => key.endsWith('.age'));

describe('a deploy', () => {
  test('seals what it was given and what the cluster has, once', async () => {
    await seal();
    await seal();
    expect(sealedFiles()).toHaveLength(1);
    const { content } = await openSealed(store, 'production', [ben.identity]);
    expect(content.secrets.map((secret) => 'value' in secret && secret.value)).toEqual([
      PASSPHRASE,
      PASSWORD,
      CA,
    ]);
    expect(said.filter((line) => line.startsWith('escrow: '))).toEqual([
      expect.stringMatching(/^escrow: sealed for Anna, Ben: escrow\/production\/eu-1\/.*\.age$/),
      expect.stringMatching(/^escrow: unchanged for Anna, Ben: /),
    ]);
  });

  test('seals again when a Secret in the cluster has changed, or the cluster is another', async () => {
    await seal();
    fake.secret('shop', 'ca', { 'tls.key': `${CA}-new` });
    await seal();
    expect(sealedFiles()).toHaveLength(2);
    fake.lose('shop', 'escrow-digest');
    await seal();
    expect(sealedFiles()).toHaveLength(3);
  });

  test('names every value that it cannot have, and seals nothing by halves', async () => {
    fake.lose('shop', 'ca');
    await expect(seal({ TF_VAR_orders_app_password: PASSWORD })).rejects.toThrow(
      /repository passphrase \(TF_VAR_repository_passphrase\), CA key \(key tls\.key of Secret shop\/ca\) — FIX/,
    );
    expect(sealedFiles()).toEqual([]);
  });

  test('says who has not shown that they can open it', async () => {
    await seal();
    expect(said.at(-1)).toMatch(
      /^WARNING escrow: drills are due: Anna \(last: never\), Ben \(last: never\); .* drill /,
    );
    await run(anna);
    await seal();
    expect(said.at(-1)).toMatch(/^WARNING escrow: drills are due: Ben \(last: never\);/);
    await run(ben);
    await seal();
    expect(said.at(-1)).toMatch(/^escrow: unchanged/);
  });

  test('asks for a drill again after half a year', async () => {
    await seal();
    await run(anna, { at: new Date('2026-01-01T00:00:00Z') });
    const drills = (now: string) => drillsOf(store, 'production', [anna.recipient], new Date(now));
    expect(await drills('2026-06-30T00:00:00Z')).toMatchObject([{ ageDays: 180, overdue: false }]);
    expect(await drills('2026-07-01T00:00:00Z')).toMatchObject([{ ageDays: 181, overdue: true }]);
  });
});

const run = async ({ identity }: Person, different: Partial<DrillOptions> = {}) =>
  (
    await drill({
      environment: {
        name: 'production',
        namespace: 'shop',
        databases: [{ name: 'orders' }] as unknown as Environment['databases'],
        repositoryKeys: VAULT_KEYS,
      },
      store,
      kubectl: kubectl(),
      identities: [identity],
      ...different,
    })
  ).drill;

describe('a drill', () => {
  test('passes when everything in it is in use and the passphrase opens the repository; it is recorded', async () => {
    await seal();
    const outcome = await run(anna, { at: new Date('2026-11-21T13:00:00Z') });
    expect(outcome).toMatchObject({ passed: true, recipient: anna.recipient });
    expect(outcome.checks.map(({ words }) => words)).toEqual([
      'the running cluster has the same value: Secret shop/orders-repository-keys, key PGBACKREST_REPO1_CIPHER_PASS',
      'the running cluster has the same value: Secret shop/orders-roles, key orders_app',
      'the running cluster has the same value: Secret shop/ca, key tls.key',
      'pgBackRest in the pod of orders opened its repository with it',
    ]);
    const record = store.objects.get('records/production/escrow-drills/20261121T130000000Z.json') ?? '';
    expect(JSON.parse(record)).toEqual(outcome);
  });

  test('fails when a password was changed and not sealed', async () => {
    await seal();
    fake.secret('shop', 'orders-roles', { orders_app: 'changed' });
    const outcome = await run(anna);
    expect(outcome.passed).toBe(false);
    expect(outcome.checks.filter(({ passed }) => !passed)).toMatchObject([
      { secret: 'password of orders_app', words: expect.stringContaining('was changed since') },
    ]);
  });

  test('fails when an existing Secret holds another value, even if a different one holds this', async () => {
    await seal();
    fake.secret('shop', 'ca', { 'tls.key': 'changed', 'old.key': CA });
    const { checks, passed } = await run(anna);
    expect(passed).toBe(false);
    expect(checks.filter((check) => !check.passed)).toMatchObject([{ secret: 'CA key' }]);
  });

  test('fails when the passphrase is in the cluster but does not open the repository', async () => {
    await seal({ ...VARIABLES, TF_VAR_repository_passphrase: PASSWORD });
    const { checks, passed } = await run(anna);
    expect(passed).toBe(false);
    expect(checks.filter((check) => !check.passed)).toMatchObject([
      { words: 'ERROR repository 1 was not opened — FIX: set it' },
    ]);
  });

  test('a failed drill is recorded, and counts for nobody', async () => {
    await seal();
    fake.lose('shop', 'orders-roles');
    await run(anna);
    expect([...store.objects.keys()].filter((key) => key.includes('escrow-drills'))).toHaveLength(1);
    await seal();
    expect(said.at(-1)).toContain('Anna (last: never)');
  });
});

describe('before a deploy', () => {
  const require = (without: 'refuse' | 'warn' | 'accept', recipients: readonly Recipient[] = []) =>
    requireEscrow({ environment: { name: 'production', escrow: { recipients, without } }, store, progress });

  test('an environment whose secrets nobody could open is refused, with both ways out', async () => {
    await expect(require('refuse')).rejects.toThrow(/in no escrow.*FIX: set ESCROW_RECIPIENTS.*ESCROW=none/);
  });

  test('it is not when recipients are named, when it was said to be so, or where it does not matter', async () => {
    await require('refuse', [Recipient.age(anna.recipient.key, { name: 'Anna' })]);
    await require('accept');
    expect(said).toEqual([]);
    await require('warn');
    expect(said).toEqual([expect.stringMatching(/^WARNING the secrets of production are in no escrow/)]);
  });

  test('nor when something was sealed once: what can be put right later does not hold up a recovery', async () => {
    await seal();
    await require('refuse');
    expect(said.at(-1)).toMatch(/^WARNING ESCROW_RECIPIENTS is not set.*for Anna, Ben$/);
  });
});
