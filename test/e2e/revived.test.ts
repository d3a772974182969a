import { ListObjectVersionsCommand, type ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3';
import type { S3Store } from '../../constructs/object-storage/client';
import { LocalSite } from './local-site';

/**
 * A cluster that was taken for lost wakes up while its successor lives on the same vault. It has its old keys, its
 * data and its schedules, and nothing it tries changes the repository by one version of one object.
 */
let old: LocalSite;
let successor: LocalSite;
let store: S3Store;

/** None is given by hand: the vault mints them. */
const NO_KEYS = { TF_VAR_vault_access_key: '', TF_VAR_vault_secret_key: '' };
/** What the successor itself writes meanwhile: the WAL of its timeline. */
const SUCCESSORS_WAL = /^local\/orders\/archive\/orders\/17-1\/0000000200000000\//;

beforeAll(async () => {
  old = await LocalSite.open('woken');
  store = old.vault('local-vault').store;
}, 3_600_000);

afterAll(async () => {
  await successor?.close();
  await old?.close();
}, 240_000);

/** Every version of every object of the repository, and every mark of a deletion. */
async function repository(): Promise<string[]> {
  const found: string[] = [];
  let page: ListObjectVersionsCommandOutput | undefined;
  do {
    page = await store.client.send(
      new ListObjectVersionsCommand({
        Bucket: store.bucket,
        Prefix: 'local/',
        KeyMarker: page?.NextKeyMarker,
        VersionIdMarker: page?.NextVersionIdMarker,
      }),
    );
    for (const { Key, VersionId, Size } of page.Versions ?? []) found.push(`${Key} ${VersionId} ${Size}`);
    for (const { Key, VersionId } of page.DeleteMarkers ?? []) found.push(`${Key} ${VersionId} deleted`);
  } while (page.IsTruncated);
  return found.filter((line) => !SUCCESSORS_WAL.test(line)).sort();
}

/** Commits a row and has its WAL segment pushed, or tried to be. */
async function push(site: LocalSite): Promise<'archived' | 'failed'> {
  await site.sql('insert into kept default values');
  const segment = await site.sql('select pg_walfile_name(pg_switch_wal())');
  for (let second = 0; second < 110; second += 1) {
    const [archived = '', failed = ''] = (
      await site.sql('select last_archived_wal, last_failed_wal from pg_stat_archiver')
    ).split('|');
    if (archived >= segment) return 'archived';
    // What waits before it fails for the same reason.
    if (failed !== '' && failed > archived) return 'failed';
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  throw new Error(`${segment} was neither archived nor tried to be within 110 s`);
}

test('the vault mints', async () => {
  const { exitCode, output } = await old.npmRun('vault', ['local']);
  expect({ exitCode, output }).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining('keys: one was made'),
  });
});

test('the first life, with the keys that its deploy made', async () => {
  const { exitCode, output } = await old.deploy({ ...NO_KEYS, TF_VAR_initialize: 'true' });
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(output).toContain('keys of this incarnation: local.us-east-1-1');
  await old.backedUp();
  await old.sql('create table kept (id bigserial, at timestamptz default now())');
  expect(await push(old)).toBe('archived');
}, 600_000);

test('a second life begins elsewhere, and ends the keys of the first before it applies anything', async () => {
  successor = await old.openSuccessor('successor', 'woken');
  const { exitCode, output } = await successor.deploy(NO_KEYS);
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(output).toMatch(
    /keys of earlier incarnations are revoked: local\.us-east-1-1, local\.us-east-1-1\.reader\nkeys of this incarnation: local\.us-east-1-2\n/,
  );
  expect(await successor.sql('select count(*) from kept')).toBe('1');
  await successor.backedUp();
  expect(await push(successor)).toBe('archived');
}, 900_000);

describe('the old one still runs, and', () => {
  let before: string[];
  beforeAll(async () => {
    before = await repository();
    expect(before.length).toBeGreaterThan(20);
  });
  afterEach(async () => {
    expect(await repository()).toEqual(before);
  });

  test('serves its own clients', async () => {
    expect(await old.sql('select count(*) from kept')).toBe('1');
  });

  test('its WAL does not get into the archive', async () => {
    expect(await push(old)).toBe('failed');
    expect(await old.kubectl('logs', '--namespace=local', 'orders-0', '--container=postgres')).toMatch(
      /InvalidAccessKeyId/,
    );
  }, 180_000);

  test('its backup fails, and says why', async () => {
    // As its schedule would, but not as patient with the store.
    const { exitCode, output } = await old.shell(
      `set -o pipefail
      kubectl --namespace=local create job woken --from=cronjob/orders-backup-full --dry-run=client --output=yaml |
        kubectl set env --local --filename=- --output=yaml WAIT_SECONDS=15 |
        kubectl create --filename=-
      kubectl --namespace=local wait --for=condition=failed --timeout=110s job/woken
      kubectl --namespace=local logs --prefix --tail=1 --selector=job-name=woken`,
      {},
    );
    expect({ exitCode, output }).toMatchObject({
      exitCode: 0,
      output: expect.stringMatching(/ERROR .* — FIX: .*a later incarnation has replaced this cluster/),
    });
  }, 180_000);

  test.each([
    ['expire', '--repo1-retention-full=1 expire'],
    [
      'push a segment by hand',
      'archive-push --no-archive-async $(ls -t $PGDATA/pg_wal/000000010* | head -n 1)',
    ],
    ['delete a file of the repository', 'repo-rm archive/orders/archive.info'],
  ])('an operator on it cannot %s', async (_, command) => {
    const { exitCode, output } = await old.shell(
      'kubectl --namespace=local exec orders-0 --container=postgres -- bash -c "$COMMAND"',
      { COMMAND: `pgbackrest --stanza=orders --log-level-console=warn ${command}` },
    );
    expect(exitCode).not.toBe(0);
    // The store says more where an answer has a body.
    expect(output).toMatch(/InvalidAccessKeyId|403 \(Forbidden\)/);
  });

  test('a deploy to it is refused', async () => {
    const { exitCode, output } = await old.deploy(NO_KEYS);
    expect(exitCode).toBe(2);
    expect(output.trim().split('\n').at(-1)).toMatch(
      /^ERROR this cluster was incarnation 1 of local.* — FIX: /,
    );
  }, 180_000);

  test('its successor goes on archiving', async () => {
    expect(await push(successor)).toBe('archived');
  }, 180_000);
});
