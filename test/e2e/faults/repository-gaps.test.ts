import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { lastLine } from './faulty-vault';
import { REPOSITORY, Repository } from './repository';

/**
 * What is missing in a repository: WAL, or everything, deleted with the cluster's own key. Nothing that was archived is lost in
 * silence, and nothing starts empty.
 */
let repository: Repository;

beforeAll(async () => {
  repository = await Repository.open('repository-gaps');
}, 3_600_000);

afterAll(() => repository?.site.close(), 120_000);

test('a WAL segment is missing in the middle: the recovery does not end there; with it back, every row is there', async () => {
  await repository.backUp('before-the-hole');
  await repository.write();
  await repository.write();
  await repository.write();
  const store = repository.deployersStore();
  const segments = (await store.keys(`${REPOSITORY}archive/orders/17-1/`))
    .filter((key) => /\/[0-9A-F]{24}-[0-9a-f]+\.\w+$/.test(key))
    .sort();
  const missing = segments.at(-2) ?? '';
  await store.client.send(new DeleteObjectCommand({ ...store.target, Key: missing }));
  await repository.site.lose();
  const { exitCode, output } = await repository.site.deploy();
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(
    /^ERROR .*WAL [0-9A-F]{24} of orders is missing, and the archive goes on until .* — FIX: /,
  );
  const undeleted = await repository.site.npmRun('undelete', [
    'local',
    '--since',
    '2026-01-01T00:00:00Z',
    '--prefix',
    missing,
    '--yes',
  ]);
  expect(undeleted.output).toContain('brought back: 1 deleted objects');
  await repository.recovered();
});

test('everything deleted with the key of the cluster: refused though the deploy calls it new; brought back by one command', async () => {
  await repository.write();
  const since = new Date().toISOString();
  const intruder = await repository.clustersStore();
  const keys = await intruder.keys(REPOSITORY);
  expect(keys.length).toBeGreaterThan(5);
  for (const Key of keys) await intruder.client.send(new DeleteObjectCommand({ ...intruder.target, Key }));
  expect(await intruder.keys(REPOSITORY)).toEqual([]);
  // What it may not: destroy the versions.
  const { Versions: [version] = [] } = await intruder.client.send(
    new ListObjectVersionsCommand({ ...intruder.target, Prefix: REPOSITORY }),
  );
  const destroy = new DeleteObjectCommand({
    ...intruder.target,
    Key: version?.Key,
    VersionId: version?.VersionId,
  });
  await expect(intruder.client.send(destroy)).rejects.toThrow(/denied/i);

  await repository.site.lose();
  const { exitCode, output } = await repository.site.deploy({ TF_VAR_initialize: 'true' });
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(
    /^ERROR .*everything in its repository was deleted.* — FIX: .*npm run undelete/,
  );
  expect((await repository.site.npmRun('undelete', ['local', '--since', since, '--yes'])).exitCode).toBe(0);
  await repository.recovered();
});
