import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  decrypt,
  digestOf,
  encrypt,
  exportLines,
  listSealed,
  newestSealed,
  openSealed,
  readIdentities,
  type Secret,
  sealEscrow,
  secretManifests,
} from '../../constructs/escrow/client';
import type { S3Store } from '../../constructs/object-storage/client';
import type { EscrowFile } from '../../constructs/recovery';
import { freshStore, onEveryStore } from '../object-storage/stores';
import { identityFile, type Person, person } from './recipients';

let anna: Person;
let ben: Person;
let stranger: Person;
beforeAll(async () => {
  [anna, ben, stranger] = (await Promise.all(['Anna', 'Ben', 'Stranger'].map(person))) as [
    Person,
    Person,
    Person,
  ];
});

const digestKey = Buffer.alloc(32, 7);
const VALUES = new Map<string, string | Uint8Array>([
  ['repository passphrase', "correct horse 'battery'\n$(staple)"],
  ['CA key', Buffer.from('-----BEGIN PRIVATE KEY-----\nMIIB\n')],
  ['keytab', Buffer.from([0xff, 0x00, 0xfe])],
]);
const escrow = (...people: Person[]): EscrowFile => ({
  environment: 'production',
  recipients: people.map(({ recipient }) => recipient),
  secrets: [
    { name: 'repository passphrase', variable: 'TF_VAR_repository_passphrase' },
    { name: 'CA key', secret: { namespace: 'shop', name: 'ca', key: 'tls.key' } },
    { name: 'keytab', secret: { namespace: 'shop', name: 'ca', key: 'keytab' } },
  ],
});
const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 21, 13, minute));

onEveryStore((server) => {
  let store: S3Store;
  beforeEach(async () => {
    store = await freshStore(server());
  });

  const seal = (minute: number, different: Partial<Parameters<typeof sealEscrow>[0]> = {}) =>
    sealEscrow({
      store,
      escrow: escrow(anna, ben),
      incarnation: 'eu-1',
      values: VALUES,
      digestKey,
      at: at(minute),
      ...different,
    });
  const open = ({ identity }: Person, key?: string) => openSealed(store, 'production', [identity], key);
  const KEY = 'escrow/production/eu-1/20261121T130000000Z.age';

  test('each recipient opens it alone and has the values; nobody else does', async () => {
    expect(await seal(0)).toEqual({ sealed: true, key: KEY });
    for (const one of [anna, ben]) {
      const { content, recipient } = await open(one);
      expect(recipient).toEqual(one.recipient);
      expect(content).toMatchObject({ environment: 'production', incarnation: 'eu-1' });
      expect(content.secrets).toEqual([
        {
          name: 'repository passphrase',
          variable: 'TF_VAR_repository_passphrase',
          value: "correct horse 'battery'\n$(staple)",
        },
        {
          name: 'CA key',
          secret: { namespace: 'shop', name: 'ca', key: 'tls.key' },
          value: '-----BEGIN PRIVATE KEY-----\nMIIB\n',
        },
        { name: 'keytab', secret: { namespace: 'shop', name: 'ca', key: 'keytab' }, base64: '/wD+' },
      ]);
    }
    await expect(open(stranger)).rejects.toThrow(/none of the recipients’ — FIX/);
  });

  test('nothing in the vault shows a value', async () => {
    await seal(0);
    for (const key of await store.keys('')) {
      const text = (await store.read(key)) ?? '';
      for (const value of ['correct horse', 'battery', 'BEGIN PRIVATE', 'MIIB', '/wD+'])
        expect(text).not.toContain(value);
    }
  });

  test('it is sealed again when a value, a recipient or the key of the digest has changed, and not otherwise', async () => {
    await seal(0);
    expect(await seal(1)).toEqual({ sealed: false, key: KEY });
    const changed = new Map(VALUES).set('repository passphrase', 'another');
    expect(await seal(2, { values: changed })).toMatchObject({ sealed: true });
    expect(await seal(3)).toMatchObject({ sealed: true });
    expect(await seal(4, { escrow: escrow(anna, stranger) })).toMatchObject({ sealed: true });
    await expect(open(ben)).rejects.toThrow('none of the recipients');
    expect((await open(stranger)).recipient.name).toBe('Stranger');
    expect(await seal(5, { escrow: escrow(stranger, anna) })).toMatchObject({ sealed: false });
    expect(await seal(6, { escrow: escrow(anna, stranger), digestKey: Buffer.alloc(32, 8) })).toMatchObject({
      sealed: true,
    });
    // What was sealed earlier is there, for whom it was sealed then.
    expect((await open(ben, KEY)).content.secrets).toHaveLength(3);
    expect((await listSealed(store, 'production')).map(({ at: when }) => when.getUTCMinutes())).toEqual([
      6, 4, 3, 2, 0,
    ]);
  });

  test('the newest is the newest over all incarnations, and in spite of a clock that goes back', async () => {
    await seal(30);
    const later = await seal(1, { incarnation: 'eu-2', escrow: escrow(anna, ben, stranger) });
    expect(later).toEqual({ sealed: true, key: 'escrow/production/eu-2/20261121T133000001Z.age' });
    expect((await newestSealed(store, 'production'))?.key).toBe(later.key);
    expect((await open(stranger)).content).toMatchObject({
      incarnation: 'eu-2',
      sealedAt: at(1).toISOString(),
    });
  });

  test('a damaged one, and one whose deploy was interrupted, are sealed again', async () => {
    const { key } = await seal(0);
    const text = (await store.read(key)) ?? '';
    await store.write(key, text.replace(/\n[^\n]{20}/, '\nAAAAAAAAAAAAAAAAAAAA'));
    await expect(open(anna)).rejects.toThrow(/cannot be opened.*FIX: restore/);
    expect(await seal(1)).toMatchObject({ sealed: true });
    await open(anna);
    await store.write('escrow/production/eu-1/20261121T130500000Z.age', text);
    expect(await seal(6)).toMatchObject({ sealed: true });
    expect(await seal(7)).toMatchObject({ sealed: false });
  });

  test('what is sealed for this environment’s recipients but says another is not taken', async () => {
    await store.write(
      'escrow/staging/eu-1/20261121T130000000Z.age',
      await encrypt(JSON.stringify({ ...escrow(anna), secrets: [] }), [anna.recipient]),
    );
    await expect(openSealed(store, 'staging', [anna.identity])).rejects.toThrow(
      /says that it is of production.*FIX/,
    );
    await store.write(KEY, await encrypt('{"passphrase":"leak"', [anna.recipient]));
    const error = await open(anna).catch(String);
    expect(error).toMatch(/opened, and is no escrow — FIX/);
    expect(error).not.toContain('leak');
  });

  test('of an environment that was never sealed it says so', async () => {
    await expect(open(anna)).rejects.toThrow(/nothing of production was ever sealed — FIX/);
    await seal(0);
    await expect(open(anna, 'escrow/production/nowhere.age')).rejects.toThrow(/there is no .* — FIX/);
  });
});

const text = fc.string({ unit: 'binary', minLength: 1 }).filter((value) => !value.includes('\0'));

test('any text comes out as it went in, by either identity', async () => {
  await fc.assert(
    fc.asyncProperty(text, async (value) => {
      const sealed = await encrypt(value, [anna.recipient, ben.recipient]);
      expect(await decrypt(sealed, [anna.identity])).toBe(value);
      expect(await decrypt(sealed, [stranger.identity, ben.identity])).toBe(value);
      await expect(decrypt(sealed, [stranger.identity])).rejects.toThrow();
    }),
    { numRuns: 25 },
  );
});

test('a shell that sources the lines has the values, whatever is in them', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (values) => {
      const secrets = values.map(
        (value, index): Secret => ({
          name: `secret ${index}`,
          variable: `TF_VAR_secret_${index}`,
          value,
        }),
      );
      const print = values.map((_, index) => `printf '%s\\0' "$TF_VAR_secret_${index}"`);
      const { stdout } = spawnSync('bash', ['-c', [...exportLines({ secrets }), ...print].join('\n')], {
        encoding: 'utf8',
      });
      expect(stdout).toBe(values.map((value) => `${value}\0`).join(''));
    }),
    { numRuns: 40 },
  );
});

test('existing Secrets come out as manifests, a Secret each', () => {
  const of = (name: string, key: string, value: string): Secret => ({
    name: `${name} ${key}`,
    secret: { namespace: 'shop', name, key },
    value,
  });
  const secrets = [of('ca', 'tls.key', 'k'), of('ca', 'tls.crt', 'c'), of('other', 'a', 'b')];
  expect(secretManifests({ secrets })).toMatchObject({
    kind: 'List',
    items: [
      { metadata: { namespace: 'shop', name: 'ca' }, data: { 'tls.key': 'aw==', 'tls.crt': 'Yw==' } },
      { metadata: { name: 'other' }, data: { a: 'Yg==' } },
    ],
  });
});

describe('the digest', () => {
  const content = (value: string, ...people: Person[]) => ({
    recipients: people.map(({ recipient }) => recipient),
    secrets: [{ name: 'a', variable: 'TF_VAR_a', value }],
  });

  test('depends on values, recipients and its key, not on their order', () => {
    const digest = digestOf(digestKey, content('x', anna, ben));
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOf(digestKey, content('x', ben, anna))).toBe(digest);
    expect(digestOf(digestKey, content('y', anna, ben))).not.toBe(digest);
    expect(digestOf(digestKey, content('x', anna))).not.toBe(digest);
    expect(digestOf(Buffer.alloc(32, 8), content('x', anna, ben))).not.toBe(digest);
  });
});

describe('an identity file', () => {
  test('of age-keygen is read, comments and all', async () => {
    const identities = await readIdentities(`${identityFile(anna)}\n${identityFile(ben)}`);
    expect(identities.map(({ recipient }) => recipient)).toEqual([anna.recipient.key, ben.recipient.key]);
  });

  test.each([
    ['is empty', '# nothing\n', 'holds no identity'],
    ['is encrypted', '-----BEGIN AGE ENCRYPTED FILE-----\n', 'itself encrypted'],
    ['is something else', 'secret-of-mine', 'is none of age'],
  ])('that %s is refused, and not repeated', async (_, file, why) => {
    const error = await readIdentities(file).catch(String);
    expect(error).toMatch(new RegExp(`${why}.*— FIX`));
    expect(error).not.toContain('secret-of-mine');
  });
});

const hasAge = ['age', 'age-keygen', 'jq'].every((program) => spawnSync('which', [program]).status === 0);
(hasAge ? describe : describe.skip)('the standard tools', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'age-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };

  test('age opens what was sealed, and jq makes of it what a shell sources', async () => {
    const value = "it's $(secret)\nof two lines";
    const secrets = [{ name: 'passphrase', variable: 'TF_VAR_passphrase', value }];
    const sealed = file(
      'sealed.age',
      await encrypt(JSON.stringify({ secrets }), [ben.recipient, anna.recipient]),
    );
    const line = `.secrets[] | select(.variable) | "export \\(.variable)=\\(.value | @sh)"`;
    const source = (identity: string) =>
      spawnSync(
        'bash',
        [
          '-c',
          `set -o pipefail; lines=$(age -d -i "$1" "$2" | jq -r "$3") && eval "$lines" && printf %s "$TF_VAR_passphrase"`,
          'test',
          identity,
          sealed,
          line,
        ],
        { encoding: 'utf8' },
      );
    for (const one of [anna, ben])
      expect(source(file(`${one.recipient.name}.txt`, identityFile(one)))).toMatchObject({
        status: 0,
        stdout: value,
      });
    expect(source(file('stranger.txt', identityFile(stranger)))).toMatchObject({ status: 1, stdout: '' });
  });

  test('keys that age-keygen makes are recipients and identities here', async () => {
    const made = spawnSync('age-keygen', [], { encoding: 'utf8' }).stdout;
    const [identity] = await readIdentities(made);
    expect(made).toContain(`# public key: ${identity?.recipient}`);
    const sealed = await encrypt('x', [{ name: 'made', key: identity?.recipient ?? '' }]);
    expect(await decrypt(sealed, identity === undefined ? [] : [identity])).toBe('x');
  });
});
