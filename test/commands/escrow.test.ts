import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealEscrow } from '../../constructs/escrow/client';
import { openStore, prepareVault } from '../../constructs/object-storage/client';
import { type Finished, run } from '../../deploy/process';
import { identityFile, type Person, person } from '../escrow/recipients';
import { vaultAt } from '../object-storage/stores';
import { findVersitygw, Versitygw } from '../object-storage/versitygw';

const versitygw = findVersitygw();
const VALUE = "it's `a` $(secret)\nof two lines";

(versitygw === undefined ? describe.skip : describe)('npm run escrow', () => {
  let server: Versitygw;
  let folder: string;
  let [anna, ben, stranger]: Person[] = [];

  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'escrow-'));
    server = await Versitygw.start(versitygw as string);
    [anna, ben, stranger] = await Promise.all(['Anna', 'Ben', 'Stranger'].map(person));
    const vault = vaultAt(server.endpoint, server.caPem, { bucket: 'local-vault' });
    await prepareVault(vault, { keys: server.keys });
    file('ca.crt', server.caPem);
    await sealEscrow({
      store: openStore(vault, { keys: server.keys }),
      incarnation: 'eu-1',
      escrow: {
        environment: 'local',
        recipients: [anna, ben].flatMap((one) => one?.recipient ?? []),
        secrets: [
          { name: 'repository passphrase', variable: 'TF_VAR_repository_passphrase' },
          { name: 'password', variable: 'TF_VAR_password' },
          { name: 'CA key', secret: { namespace: 'shop', name: 'ca', key: 'tls.key' } },
        ],
      },
      values: new Map([
        ['repository passphrase', VALUE],
        ['password', 'pw'],
        ['CA key', 'pem'],
      ]),
      digestKey: Buffer.alloc(32, 1),
      at: new Date('2026-11-21T13:00:00Z'),
    });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = () => ({
    VAULT_ENDPOINT: server.endpoint,
    VAULT_CA_FILE: join(folder, 'ca.crt'),
    AWS_ACCESS_KEY_ID: server.keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.keys.secretAccessKey,
  });
  const escrow = (args: readonly string[], input?: string): Promise<Finished> =>
    run('npx', ['tsx', 'commands/escrow.ts', 'local', ...args], {
      env: environment(),
      ...(input === undefined ? {} : { input }),
    });
  const identity = (one: Person | undefined) =>
    one === undefined ? '' : file('identity.txt', identityFile(one));

  test('what it prints, a shell sources; standard output has nothing else', async () => {
    const command = `source <(npm run --silent escrow -- local open --identity "$1" 2>/dev/null)
      printf '%s|%s' "$TF_VAR_repository_passphrase" "$TF_VAR_password"`;
    const sourced = await run('bash', ['-c', command, 'test', identity(ben)], { env: environment() });
    expect(sourced.stdout).toBe(`${VALUE}|pw`);
    const { stderr, stdout } = await escrow(['open', '--identity', identity(ben)]);
    expect(stderr).toContain('opened escrow/local/eu-1/20261121T130000000Z.age');
    expect(stderr).toContain('CA key (--as secrets)');
    expect(stderr).not.toContain('secret)\nof');
    expect(stdout.split('\n').filter((line) => line.startsWith('export '))).toHaveLength(2);
  });

  test('one secret by its name, an identity over a pipe', async () => {
    const { exitCode, stdout } = await escrow(
      ['open', '--identity', '-', '--name', 'password'],
      anna === undefined ? '' : identityFile(anna),
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "export TF_VAR_password='pw'" });
    const unknown = await escrow(['open', '--identity', identity(anna), '--name', 'pasword']);
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toMatch(
      /holds no "pasword" — FIX: choose one of repository passphrase, password, CA key/,
    );
  });

  test('Secrets as manifests', async () => {
    const { stdout } = await escrow(['open', '--identity', identity(anna), '--as', 'secrets']);
    expect(JSON.parse(stdout).items).toMatchObject([
      { metadata: { namespace: 'shop', name: 'ca' }, data: { 'tls.key': 'cGVt' } },
    ]);
  });

  test('a stranger has nothing, and is told so', async () => {
    const { exitCode, stderr, stdout } = await escrow(['open', '--identity', identity(stranger)]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^ERROR this identity opens nothing here.* — FIX: /m);
    expect(stderr).not.toContain('AGE-SECRET');
  });

  test('the list tells for whom, and who never opened it; without an identity', async () => {
    const { stdout } = await escrow(['list']);
    expect(stdout).toContain('for Anna, Ben: repository passphrase, password, CA key');
    expect(stdout).toContain('Anna: last drill never, due: npm run escrow -- local drill --identity FILE');
  });
});
