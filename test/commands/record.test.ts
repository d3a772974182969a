import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { latestRecords, openStore, prepareVault, type S3Store } from '../../constructs/object-storage/client';
import { type Finished, run } from '../../deploy/process';
import { vaultAt } from '../object-storage/stores';
import { findVersitygw, Versitygw } from '../object-storage/versitygw';

const versitygw = findVersitygw();

(versitygw === undefined ? describe.skip : describe)('npm run record', () => {
  let server: Versitygw;
  let folder: string;
  let store: S3Store;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'record-'));
    server = await Versitygw.start(versitygw as string);
    const vault = vaultAt(server.endpoint, server.caPem, { bucket: 'local-vault' });
    await prepareVault(vault, { keys: server.keys });
    store = openStore(vault, { keys: server.keys });
    writeFileSync(join(folder, 'ca.crt'), server.caPem);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function record(kind: string, text: string): Promise<Finished> {
    const file = join(folder, 'record.json');
    writeFileSync(file, text);
    const env = {
      VAULT_ENDPOINT: server.endpoint,
      VAULT_CA_FILE: join(folder, 'ca.crt'),
      AWS_ACCESS_KEY_ID: server.keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.keys.secretAccessKey,
    };
    return run('npx', ['tsx', 'commands/record.ts', 'local', kind, file], { env });
  }

  test('keeps it under the date that it states, once', async () => {
    const rehearsal = { startedAt: '2026-11-21T03:02:01.004Z', passed: true };
    const key = 'records/local/rehearsals/20261121T030201004Z.json';
    expect(await record('rehearsals', JSON.stringify(rehearsal))).toMatchObject({
      exitCode: 0,
      stdout: `recorded in the vault as ${key}`,
    });
    const again = await record('rehearsals', JSON.stringify({ ...rehearsal, passed: false }));
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain(`there is already a record ${key}`);
    expect(await latestRecords(store, { environment: 'local', kind: 'rehearsals' })).toEqual([
      { key, at: new Date(rehearsal.startedAt), record: rehearsal },
    ]);
  });

  test.each([
    ['rehearsals', '{', 'cannot be recorded: '],
    ['rehearsals', '{"at": "yesterday"}', 'dated "yesterday"'],
    ['../escape', '{}', 'a kind is lower-case letters'],
  ])('refuses %s %s', async (kind, text, why) => {
    const { exitCode, stderr } = await record(kind, text);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(why);
  });
});
