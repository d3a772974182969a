import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityFile, type Person, person, recipientsVariable } from '../escrow/recipients';
import { LocalSite } from './local-site';

/** Recovery by somebody who has the way to the vault, an identity file, and nothing else. */
let site: LocalSite;
let folder: string;
let onCall: Person;
let safe: Person;

const fileOf = (one: Person): string => {
  const file = join(folder, `${one.recipient.name}.txt`);
  writeFileSync(file, identityFile(one), { mode: 0o600 });
  return file;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'escrow-'));
  [onCall, safe] = (await Promise.all(['On-call', 'Safe'].map(person))) as [Person, Person];
  const plain = await LocalSite.open('escrow');
  site = plain.with({ ESCROW_RECIPIENTS: recipientsVariable(onCall, safe) });
  expect((await site.npmRun('vault', ['local'])).exitCode).toBe(0);
}, 3_600_000);

afterAll(async () => {
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

const expectNoSecretIn = (text: string): void => {
  for (const value of site.secretValues()) expect(text).not.toContain(value);
};

const drill = async (one: Person) => site.npmRun('escrow', ['local', 'drill', '--identity', fileOf(one)]);

test('a deploy seals the secrets, tells none, and asks for drills', async () => {
  const { exitCode, output } = await site.deploy({ TF_VAR_initialize: 'true' });
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(output).toMatch(/escrow: sealed for On-call, Safe: escrow\/local\/.*\.age/);
  expect(output).toContain('drills are due: On-call (last: never), Safe (last: never)');
  expectNoSecretIn(output);
  await site.backedUp();
  await site.sql("create table kept as select 'before the loss' as said");
  await site.archived();
});

test('each recipient shows that what is in it works: the repository opens with it', async () => {
  for (const one of [onCall, safe]) {
    const { exitCode, output } = await drill(one);
    expect(exitCode === 0 ? '' : output).toBe('');
    expect(output).toContain('pgBackRest in the pod of orders opened its repository with it');
    expectNoSecretIn(output);
  }
});

test('the next deploy has nothing to seal and nobody to ask', async () => {
  const { exitCode, output } = await site.deploy();
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(output).toMatch(/escrow: unchanged for On-call, Safe/);
  expect(output).not.toContain('drills are due');
});

test('a password that was changed past the deploy is found by the drill', async () => {
  const patch = (value: string) =>
    site.kubectl(
      'patch',
      'secret',
      'orders-roles',
      '--namespace=local',
      '--type=merge',
      `--patch=${JSON.stringify({ stringData: { orders_app: value } })}`,
    );
  const before = await site.kubectl(
    'get',
    'secret',
    'orders-roles',
    '--namespace=local',
    '--output=jsonpath={.data.orders_app}',
  );
  await patch('changed by hand');
  const { exitCode, output } = await drill(safe);
  expect(exitCode).toBe(1);
  expect(output).toContain('FAILED  password of orders_app in orders: no Secret of the running cluster has');
  await patch(Buffer.from(before, 'base64').toString());
});

test('after the loss a stranger opens nothing, and one recipient brings the data back', async () => {
  await site.lose();
  const nobody = site.knowing({});
  const stranger = await nobody.npmRun('escrow', ['local', 'open', '--identity', fileOf(await person('X'))]);
  expect(stranger.exitCode).toBe(2);
  expectNoSecretIn(stranger.output);

  // As the README says, in a shell that knows none of the secrets.
  const command = `source <(npm run --silent escrow -- local open --identity "$IDENTITY") &&
    npm run --silent deploy -- local --engine kit --timeout 150`;
  const variables = { ...nobody.variables(), IDENTITY: fileOf(safe) };
  const { exitCode, output } = await nobody.shell(command, variables, 240);
  expect(exitCode === 0 ? '' : output).toBe('');
  expectNoSecretIn(output);
  expect((await site.sql('select said from kept')).trim()).toBe('before the loss');
});
