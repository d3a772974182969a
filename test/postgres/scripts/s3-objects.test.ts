import { createServer, type Server } from 'node:net';
import { FakeS3, type Misbehaviour } from '../../object-storage/fake-s3';
import { Lab } from './lab';
import { describeWithS3, S3Server } from './s3-server';
import { describeWithPostgres } from './tools';

/** Answers of s3.sh: its status, and what it says besides. */
interface Answer {
  readonly status: number;
  readonly body: string;
  readonly keys: string[];
  readonly code: string;
  readonly cause: string;
}

const SHELL = `set -euo pipefail
source scripts/lib.sh; source scripts/cause.sh; source scripts/configuration.sh; source scripts/s3.sh
trap - EXIT ERR
status=0; CAUSE_CODE='' CAUSE='' S3_KEYS='' S3_BODY=''
"$@" || status=$?
jq -n --arg status "$status" --arg body "$S3_BODY" --arg keys "$S3_KEYS" --arg code "$CAUSE_CODE" --arg cause "$CAUSE" \\
  '{ status: ($status | tonumber), $body, keys: ($keys | split("\\n") | map(select(. != ""))), $code, $cause }'`;

async function call(lab: Lab, args: readonly string[], env: Record<string, string> = {}): Promise<Answer> {
  const result = await lab.run(['bash', '-c', SHELL, 'test', ...args], { ...lab.podEnvironment, ...env });
  if (result.status !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout) as Answer;
}

/** Settings of a repository in a store on this machine. */
const repository = (port: number, different: Record<string, string> = {}) => ({
  type: 's3',
  path: '/test/shop',
  's3-bucket': 'vault',
  's3-endpoint': 'localhost',
  's3-region': 'us-east-1',
  's3-uri-style': 'path',
  'storage-port': String(port),
  ...different,
});

describeWithS3('s3.sh with a real store', () => {
  let lab: Lab;
  let s3: S3Server;
  let use: (different?: Record<string, string>) => void;

  beforeAll(async () => {
    lab = await Lab.create();
    s3 = await S3Server.start();
    lab.write('etc/vault-ca.crt', s3.caPem);
    s3.createBucket('vault');
    lab.secrets = { PGBACKREST_REPO1_S3_KEY: s3.accessKey, PGBACKREST_REPO1_S3_KEY_SECRET: s3.secretKey };
    use = (different = {}) => {
      lab.repositories = [
        repository(s3.port, { 'storage-ca-file': lab.path('etc/vault-ca.crt'), ...different }),
      ];
      lab.configure();
    };
  }, 60_000);
  afterAll(async () => {
    await lab?.dispose();
    await s3?.stop();
  });
  beforeEach(() => use());

  test('writes, reads, overwrites, and writes anew only what is not there', async () => {
    const text = '{"quote":"\\"","backslash":"\\\\","umlaut":"ü"}';
    expect(await call(lab, ['s3_get', '1', 'a/b.json'])).toMatchObject({ status: 1 });
    expect(await call(lab, ['s3_put_new', '1', 'a/b.json', text])).toMatchObject({ status: 0 });
    expect(await call(lab, ['s3_get', '1', 'a/b.json'])).toMatchObject({ status: 0, body: text });
    expect(await call(lab, ['s3_put_new', '1', 'a/b.json', '{}'])).toMatchObject({ status: 1 });
    expect(await call(lab, ['s3_get', '1', 'a/b.json'])).toMatchObject({ body: text });
    expect(await call(lab, ['s3_put', '1', 'a/b.json', '{"n":2}'])).toMatchObject({ status: 0 });
    expect(await call(lab, ['s3_get', '1', 'a/b.json'])).toMatchObject({ body: '{"n":2}' });
  });

  test('sends and gets files as they are, larger than a command line', async () => {
    const text = `${JSON.stringify({ text: 'a "quoted" \\\\ line, ü\\n'.repeat(150_000) })}\n\n`;
    lab.write('tmp/sent', text);
    expect(await call(lab, ['s3_put_file', '1', 'files/large.json', 'tmp/sent'])).toMatchObject({
      status: 0,
    });
    expect(await call(lab, ['s3_get_file', '1', 'files/large.json', 'tmp/got'])).toMatchObject({
      status: 0,
      body: '',
    });
    expect(lab.read('tmp/got') === text).toBe(true);
    expect(await call(lab, ['s3_get_file', '1', 'files/none.json', 'tmp/none'])).toMatchObject({ status: 1 });
    expect(lab.exists('tmp/none')).toBe(false);
  });

  test('lists keys below the path of the repository, from where it is told', async () => {
    for (const name of ['000001', '000002', '000010'])
      await call(lab, ['s3_put', '1', `leases/main/${name}.json`, '{}']);
    use({ path: '/test/shop2' });
    await call(lab, ['s3_put', '1', 'leases/main/000099.json', '{}']);
    use();
    expect(await call(lab, ['s3_list', '1', 'leases/main/'])).toMatchObject({
      status: 0,
      keys: ['000001', '000002', '000010'].map((name) => `leases/main/${name}.json`),
    });
    expect(await call(lab, ['s3_list', '1', 'leases/main/', 'leases/main/000001.json'])).toMatchObject({
      keys: ['leases/main/000002.json', 'leases/main/000010.json'],
    });
    expect(await call(lab, ['s3_list', '1', 'nothing/'])).toMatchObject({ status: 0, keys: [] });
  });

  test('of several writers at once exactly one is the first', async () => {
    const writers = Array.from({ length: 6 }, (_, writer) =>
      call(lab, ['s3_put_new', '1', 'race.json', JSON.stringify({ writer })]),
    );
    const statuses = (await Promise.all(writers)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([0, 1, 1, 1, 1, 1]);
  });

  test('gives curl no key on its command line', async () => {
    const record = `#!/bin/bash\necho "$@" >>${lab.path('tmp/arguments')}\nexec /usr/bin/curl "$@"\n`;
    lab.write('tmp/curl', record, 0o755);
    const path = `${lab.path('tmp')}:/usr/sbin:/usr/bin:/sbin:/bin`;
    expect(await call(lab, ['s3_put', '1', 'x', '{}'], { PATH: path })).toMatchObject({ status: 0 });
    expect(lab.read('tmp/arguments')).toMatch(/^--config - --output \S+\n$/);
  });

  test.each([
    ['key', {}, { PGBACKREST_REPO1_S3_KEY_SECRET: 'wrong"\\' }],
    ['key', {}, { PGBACKREST_REPO1_S3_KEY: 'nobody' }],
    ['bucket', { 's3-bucket': 'missing' }, {}],
    ['unreachable', { 'storage-port': '1' }, {}],
    ['name', { 's3-endpoint': 'nowhere.invalid' }, {}],
    ['files', { 'storage-ca-file': '/nowhere/ca.crt' }, {}],
  ])('tells the cause "%s" for %j %j', async (code, different, env: Record<string, string>) => {
    use(different);
    for (const command of [
      ['s3_get', '1', 'x'],
      ['s3_list', '1', 'x/'],
      ['s3_put_new', '1', 'x', '{}'],
    ])
      expect(await call(lab, command, env)).toMatchObject({ status: 2, code });
  });
});

describeWithPostgres('s3.sh with a store that misbehaves', () => {
  let lab: Lab;
  let store: FakeS3;
  let deaf: Server;

  beforeAll(async () => {
    lab = await Lab.create();
    lab.secrets = { PGBACKREST_REPO1_S3_KEY: 'key', PGBACKREST_REPO1_S3_KEY_SECRET: 'secret' };
    deaf = createServer(() => undefined);
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    deaf?.close();
    await lab?.dispose();
  });

  const start = async (misbehaviour: Misbehaviour) => {
    store = await FakeS3.start(misbehaviour);
    store.buckets.set('vault', { versioned: true, locked: false, objects: new Map() });
    lab.write('etc/vault-ca.crt', store.caPem);
    const { port } = new URL(store.endpoint);
    lab.repositories = [
      repository(Number(port), {
        's3-endpoint': '127.0.0.1',
        'storage-ca-file': lab.path('etc/vault-ca.crt'),
      }),
    ];
    lab.configure();
  };
  const refusing = (status: number, code: string, method?: string): Misbehaviour => ({
    intercept: (request) =>
      method === undefined || request.method === method ? { status, code } : undefined,
  });
  afterEach(() => store?.stop());

  test.each([
    [501, 'NotImplemented'],
    [400, 'InvalidArgument'],
  ])('a store without conditional writes (%d %s) is told as such', async (status, code) => {
    await start(refusing(status, code, 'PUT'));
    const answer = await call(lab, ['s3_put_new', '1', 'x', '{}']);
    expect(answer).toMatchObject({ status: 2, code: 'conditional' });
    expect(answer.cause).toContain(`If-None-Match, status ${status}`);
  });

  test('a key that may not is told as such', async () => {
    await start(refusing(403, 'AccessDenied'));
    expect(await call(lab, ['s3_put_new', '1', 'x', '{}'])).toMatchObject({ status: 2, code: 'access' });
    expect(await call(lab, ['s3_list', '1', 'x/'])).toMatchObject({ status: 2, code: 'access' });
  });

  test('one that is busy for a moment is asked again', async () => {
    let busy = 1;
    await start({ intercept: () => (busy-- > 0 ? { status: 503, code: 'SlowDown' } : undefined) });
    expect(await call(lab, ['s3_put_new', '1', 'x', '{"n":1}'])).toMatchObject({ status: 0 });
    busy = 1;
    expect(await call(lab, ['s3_get', '1', 'x'])).toMatchObject({ status: 0, body: '{"n":1}' });
  });

  test('one that never answers is given up in time', async () => {
    await start({});
    const address = deaf.address();
    lab.repositories = [repository(typeof address === 'object' ? (address?.port ?? 0) : 0)];
    lab.configure();
    const began = Date.now();
    expect(await call(lab, ['s3_list', '1', 'x/'], { S3_SECONDS: '2' })).toMatchObject({
      status: 2,
      code: 'unreachable',
    });
    expect(Date.now() - began).toBeLessThan(8_000);
  });

  test('a listing of several pages is whole', async () => {
    await start({});
    for (const n of [1, 2, 3, 4, 5]) await call(lab, ['s3_put', '1', `leases/main/00000${n}.json`, '{}']);
    expect((await call(lab, ['s3_list', '1', 'leases/main/'])).keys).toHaveLength(5);
  });
});
