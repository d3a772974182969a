import { SecretRef } from '../../constructs/core';
import { Vault } from '../../constructs/object-storage';
import type { Grant, Incarnation, Minter, ObjectStore } from '../../constructs/object-storage/client';
import { fence } from '../../deploy/fence';
import { DeclarationFaulty, EnvironmentProblem } from '../../deploy/progress';
import type { Environment } from '../../environments';

/** A vault that remembers what is written once. */
class Memory implements ObjectStore {
  readonly objects = new Map<string, string>();
  read = async (key: string) => this.objects.get(key);
  write = async (key: string, body: string | Uint8Array) => void this.objects.set(key, String(body));
  writeNew = async (key: string, body: string) =>
    !this.objects.has(key) && this.objects.set(key, body) && true;
  keys = async (prefix: string) => [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
}

/** A store's users, and what becomes of them. */
class Mint implements Minter {
  readonly users = new Map<string, string>();
  closed = 0;
  /** What happens beside a minting. */
  meanwhile: () => void | Promise<void> = () => {};
  mint = async ({ name, prefix, readOnly }: Grant) => {
    this.users.set(name, readOnly === true ? `${prefix} (reads)` : prefix);
    await this.meanwhile();
    return { accessKeyId: name, secretAccessKey: `secret of ${name}` };
  };
  revoke = async (names: readonly string[]) => names.filter((name) => this.users.delete(name));
  close = () => {
    this.closed += 1;
  };
}

const variable = (name: string) => SecretRef.variable(name, { description: name });
const KEYS = {
  accessKey: variable('vault_access_key'),
  secretKey: variable('vault_secret_key'),
  passphrase: variable('repository_passphrase'),
};
const READER = {
  accessKey: variable('vault_reader_access_key'),
  secretKey: variable('vault_reader_secret_key'),
};
const GIVEN = 'TF_VAR_vault_access_key';
const vault = Vault.s3Compatible({ endpoint: 'https://vault.example.com', bucket: 'acme-vault' });

let store: Memory;
let said: string[];
const before = process.env[GIVEN];
beforeEach(() => {
  store = new Memory();
  said = [];
  process.env['AWS_ACCESS_KEY_ID'] ??= 'deployer';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'secret';
  delete process.env[GIVEN];
});
afterAll(() => {
  if (before !== undefined) process.env[GIVEN] = before;
});

/** The incarnation is claimed, as a deploy does first. */
function life(generation: number): Incarnation {
  const claim = { generation, region: 'eu', claimedAt: '2026-11-20T00:00:00Z' };
  store.objects.set(
    `records/shop/incarnations/${String(generation).padStart(6, '0')}.json`,
    JSON.stringify(claim),
  );
  return { generation, region: 'eu', name: `eu-${generation}`, created: true };
}

const run = (
  generation: number,
  minter?: Minter,
  environment: Partial<Pick<Environment, 'repositoryKeys' | 'fencing' | 'velero'>> = {},
) =>
  fence({
    environment: { name: 'shop', vault, repositoryKeys: KEYS, ...environment },
    incarnation: life(generation),
    store,
    progress: (line) => said.push(line),
    ...(minter === undefined ? {} : { minter }),
  });

describe('a vault that mints', () => {
  let mint: Mint;
  beforeEach(() => {
    mint = new Mint();
  });

  test('hands on the keys of the incarnation, whatever was given by hand', async () => {
    process.env[GIVEN] = 'by-hand';
    expect(await run(1, mint)).toEqual({
      TF_VAR_vault_access_key: 'shop.eu-1',
      TF_VAR_vault_secret_key: 'secret of shop.eu-1',
    });
    expect([...mint.users]).toEqual([['shop.eu-1', 'shop/']]);
    expect(said).toEqual(['keys of this incarnation: shop.eu-1']);
    expect(mint.closed).toBe(1);
  });

  test('makes Velero a pair of its own, which reaches its backups alone', async () => {
    const credentials = {
      accessKey: variable('velero_access_key'),
      secretKey: variable('velero_secret_key'),
    };
    const velero = {
      installation: { by: 'others' },
      credentials,
      repositoryKey: variable('velero_repository_key'),
      schedules: {},
    } as const;
    expect(await run(1, mint, { velero })).toMatchObject({
      TF_VAR_velero_access_key: 'shop.eu-1.velero',
      TF_VAR_velero_secret_key: 'secret of shop.eu-1.velero',
    });
    expect(mint.users.get('shop.eu-1.velero')).toBe('velero/shop/');
    await run(2, mint, { velero });
    expect([...mint.users.keys()].sort()).toEqual(['shop.eu-2', 'shop.eu-2.velero']);
    // In another bucket than that for which keys are made, and by a role, there is nothing to mint.
    for (const other of [
      { ...velero, location: { bucket: 'elsewhere' } },
      { ...velero, credentials: { roleArn: 'arn' } },
    ])
      expect(await run(3, mint, { velero: other })).not.toHaveProperty('TF_VAR_velero_access_key');
  });

  test('makes a pair that only reads where one is declared, and ends it with the other', async () => {
    const withReader = { repositoryKeys: { ...KEYS, reader: READER } };
    expect(await run(1, mint, withReader)).toEqual({
      TF_VAR_vault_access_key: 'shop.eu-1',
      TF_VAR_vault_secret_key: 'secret of shop.eu-1',
      TF_VAR_vault_reader_access_key: 'shop.eu-1.reader',
      TF_VAR_vault_reader_secret_key: 'secret of shop.eu-1.reader',
    });
    expect([...mint.users]).toEqual([
      ['shop.eu-1', 'shop/'],
      ['shop.eu-1.reader', 'shop/ (reads)'],
    ]);
    await run(2, mint, withReader);
    expect([...mint.users.keys()]).toEqual(['shop.eu-2', 'shop.eu-2.reader']);
  });

  test('a repeated deploy changes nothing', async () => {
    const first = await run(1, mint);
    const records = new Map(store.objects);
    expect(await run(1, mint)).toEqual(first);
    expect(store.objects).toEqual(records);
    expect([...mint.users.keys()]).toEqual(['shop.eu-1']);
  });

  test('the next incarnation ends the keys of all earlier ones, and no others', async () => {
    for (const other of ['shop.auditor', 'shop.eu-9', 'shopping.eu-1']) mint.users.set(other, 'by hand');
    await run(1, mint);
    await run(2, mint);
    // As when its deploy was interrupted before this.
    mint.users.set('shop.eu-1', 'shop/');
    said = [];
    await run(3, mint);
    expect(said).toEqual([
      'keys of earlier incarnations are revoked: shop.eu-1, shop.eu-2',
      'keys of this incarnation: shop.eu-3',
    ]);
    expect([...mint.users.keys()]).toEqual(['shop.auditor', 'shop.eu-9', 'shopping.eu-1', 'shop.eu-3']);
  });

  test('a key whose making was interrupted is found by the next incarnation', async () => {
    mint.meanwhile = () => Promise.reject(new Error('killed'));
    await expect(run(1, mint)).rejects.toThrow('killed');
    mint.meanwhile = () => {};
    await run(2, mint);
    expect([...mint.users.keys()]).toEqual(['shop.eu-2']);
  });

  test('an incarnation that another one replaces while it mints keeps nothing', async () => {
    const other = new Mint();
    mint.meanwhile = async () => {
      mint.meanwhile = () => {};
      Object.assign(other, { users: mint.users });
      // It revokes before this key is there to be revoked.
      mint.users.delete('shop.eu-1');
      await run(2, other);
      mint.users.set('shop.eu-1', 'shop/');
    };
    const failed = run(1, mint);
    await expect(failed).rejects.toThrow(EnvironmentProblem);
    await expect(failed).rejects.toThrow(
      /incarnation 2 of shop has begun during this deploy of eu-1 — FIX: /,
    );
    expect([...mint.users.keys()]).toEqual(['shop.eu-2']);
  });

  test('keys that were made by hand before are pointed at, once', async () => {
    process.env[GIVEN] = 'by-hand';
    await run(1);
    said = [];
    for (const generation of [1, 1, 2, 2]) await run(generation, mint);
    const reminder = 'WARNING keys made by hand for eu-1 are revoked by hand alone: see that none is left';
    expect(said).toEqual([
      reminder,
      'keys of this incarnation: shop.eu-1',
      'keys of this incarnation: shop.eu-1',
      'keys of earlier incarnations are revoked: shop.eu-1',
      reminder,
      'keys of this incarnation: shop.eu-2',
      'keys of this incarnation: shop.eu-2',
    ]);
  });

  test('keys in a Secret of somebody else cannot be handed on', async () => {
    const accessKey = SecretRef.existing({ name: 'vault', key: 'access' });
    const failed = run(1, mint, { repositoryKeys: { ...KEYS, accessKey } });
    await expect(failed).rejects.toThrow(DeclarationFaulty);
    await expect(failed).rejects.toThrow(/environments\/shop: .* — FIX: make both SecretRef.variable/);
    expect([...store.objects.keys()]).toEqual(['records/shop/incarnations/000001.json']);
    expect(mint.users.size).toBe(0);
  });
});

describe('a vault that mints no keys', () => {
  const given = (key: string) => {
    process.env[GIVEN] = key;
  };

  test('no key at all is for others to tell', async () => {
    expect(await run(1)).toEqual({});
    expect([...store.objects.keys()]).toEqual(['records/shop/incarnations/000001.json']);
  });

  test('readers get the pair of the databases, unless there is one of theirs', async () => {
    const withReader = { repositoryKeys: { ...KEYS, reader: READER } };
    const variables = {
      TF_VAR_vault_access_key: 'own',
      TF_VAR_vault_secret_key: 'secret',
      TF_VAR_vault_reader_access_key: '',
    };
    const before = { ...process.env };
    try {
      Object.assign(process.env, variables);
      expect(await run(1, undefined, withReader)).toEqual({
        TF_VAR_vault_reader_access_key: 'own',
        TF_VAR_vault_reader_secret_key: 'secret',
      });
      process.env['TF_VAR_vault_reader_access_key'] = 'theirs';
      expect(await run(1, undefined, withReader)).toEqual({});
    } finally {
      for (const name of Object.keys(variables)) delete process.env[name];
      Object.assign(process.env, before);
    }
  });

  test('the key of an earlier incarnation is refused, at every attempt, with the fix', async () => {
    given('first');
    expect(await run(1)).toEqual({});
    for (const _ of [1, 2]) {
      const failed = run(2);
      await expect(failed).rejects.toThrow(EnvironmentProblem);
      await expect(failed).rejects.toThrow(
        /TF_VAR_vault_access_key was incarnation eu-1's, .* — FIX: make a new key .* revoke the old one/,
      );
    }
    expect(said).toEqual([]);
    given('second');
    await run(2);
    await run(2);
    expect(said).toEqual([
      'WARNING keys made by hand for eu-1 are revoked by hand alone: see that none is left',
    ]);
    given('first');
    await expect(run(3)).rejects.toThrow(/was incarnation eu-1's/);
  });

  test('a deploy that is repeated in one incarnation never is, after a change of keys neither', async () => {
    given('first');
    await run(1);
    await run(1);
    given('second');
    await run(1);
    given('first');
    await run(1);
    given('second');
    await expect(run(2)).rejects.toThrow(/was incarnation eu-1's/);
  });

  test('the lease alone is enough where the environment says so', async () => {
    given('first');
    await run(1);
    await run(2, undefined, { fencing: 'lease' });
    expect(said).toEqual([
      'WARNING eu-2 has the access key of eu-1: the lease alone keeps an earlier cluster from the backups',
    ]);
    // It has been accepted: this life began with it.
    await run(2);
    await expect(run(3)).rejects.toThrow(/was incarnation eu-2's/);
  });

  test('Velero’s key is held to the same, and both are told at once', async () => {
    const velero = {
      installation: { by: 'others' },
      credentials: { accessKey: variable('velero_access_key'), secretKey: variable('velero_secret_key') },
      repositoryKey: variable('velero_repository_key'),
      schedules: {},
    } as const;
    const VELERO = 'TF_VAR_velero_access_key';
    try {
      given('first');
      process.env[VELERO] = 'velero-first';
      await run(1, undefined, { velero });
      await expect(run(2, undefined, { velero })).rejects.toThrow(
        /TF_VAR_vault_access_key was incarnation eu-1's, the key in TF_VAR_velero_access_key was incarnation eu-1's, .* set TF_VAR_vault_access_key and TF_VAR_vault_secret_key and TF_VAR_velero_access_key and /,
      );
      given('second');
      await expect(run(2, undefined, { velero })).rejects.toThrow(
        /^the key in TF_VAR_velero_access_key was incarnation eu-1's/,
      );
      // Nor may one become the other's.
      process.env[VELERO] = 'first';
      await expect(run(2, undefined, { velero })).rejects.toThrow(/TF_VAR_velero_access_key was/);
      process.env[VELERO] = 'velero-first';
      await run(2, undefined, { velero, fencing: 'lease' });
      expect(said).toEqual([
        'WARNING eu-2 has the access key of eu-1: nothing keeps an earlier cluster’s Velero from its backups',
      ]);
      process.env[VELERO] = 'velero-third';
      given('third');
      await run(3, undefined, { velero });
    } finally {
      delete process.env[VELERO];
    }
  });

  test('records tell keys apart and give none away', async () => {
    given('first-access-key');
    await run(1);
    const text = JSON.stringify([...store.objects]);
    expect(text).not.toContain('first-access-key');
    // SHA-256 of the id, as any tool computes it.
    expect(text).toContain('3653be1ae056d6799e2744b68c5f9c3d');
  });

  test('a key in a Secret of somebody else is not seen, and that is said', async () => {
    const accessKey = SecretRef.existing({ name: 'vault', key: 'access' });
    await run(1, undefined, { repositoryKeys: { ...KEYS, accessKey } });
    expect(said).toEqual([expect.stringMatching(/^WARNING .* Secret vault, key access, unseen here/)]);
  });

  test('a vault that no longer mints leaves earlier keys to the operator', async () => {
    await run(1, new Mint());
    given('by-hand');
    said = [];
    await run(2);
    expect(said).toEqual([expect.stringMatching(/^WARNING .* end shop.eu-1 in the store by hand/)]);
  });
});
