import { chmodSync } from 'node:fs';
import { Vault } from '../../../constructs/object-storage';
import { readerConf } from '../../../constructs/postgres/pgbackrest-conf';
import { pgHbaConf, pgIdentConf } from '../../../constructs/postgres/postgresql-conf';
import { freePort } from '../../free-port';
import { Lab } from './lab';
import { Background, eventually } from './processes';
import { giveS3 } from './s3-repository';
import { describeWithS3, S3Server } from './s3-server';

const ROOT = process.env['TEST_POSTGRES_ROOT'] ?? '';
if (ROOT === '') console.warn('Skipped: the image with the exporters is not there (npm test prepares it).');

(ROOT === '' ? describe.skip : describeWithS3)('the exporters of the image', () => {
  let lab: Lab;
  let s3: S3Server;
  const started: Background[] = [];

  beforeAll(async () => {
    lab = await Lab.create();
    s3 = await S3Server.start();
    giveS3(lab, s3);
    lab.write('etc/pg_hba.conf', hba());
    lab.write('etc/pg_ident.conf', `${lab.read('etc/pg_ident.conf')}${ident('nobody')}`);
    lab.write('roles/postgres', 'root-secret');
    // What config maps are, and the socket's folder is.
    for (const [name, mode] of [
      ['', 0o711],
      ['etc', 0o755],
      ['etc/vault-ca.crt', 0o644],
    ] as const)
      chmodSync(lab.path(name), mode);
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    await lab.startServer();
    await lab.pgbackrest('stanza-create');
    const roles = { ...lab.paths, ROLES_SET: lab.path('tmp/roles-set'), ONCE: 'true' };
    expect(await lab.script('roles.sh', [], { ...roles, EXPORTER_ROLE: ROLE })).toMatchObject({ status: 0 });
  }, 90_000);

  afterAll(async () => {
    for (const exporter of started) exporter.kill();
    await lab?.dispose();
    await s3?.stop();
  });

  const ROLE = 'postgres_exporter';
  const ident = (user: string) => pgIdentConf({ role: ROLE, user });
  // The tests' own line for the pod's user follows ours, as it does in the pod.
  const hba = () =>
    `${pgHbaConf({ peer: { role: ROLE, user: 'nobody' } }).split('\n')[0]}\n${lab.read('etc/pg_hba.conf')}`;

  /** A program of the image as `nobody` with the pod's group; returns how its metrics are asked. */
  async function run(
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    user = '65534:65534',
  ) {
    const port = await freePort();
    const command = [program, `--web.listen-address=127.0.0.1:${port}`, ...args];
    const enter = `for path in /tmp /dev/shm /proc /etc/hosts; do mount --rbind "$path" "$0$path"; done
      exec chroot --userspec=${user} --groups=999 "$0" "$@"`;
    const exporter = Background.direct(
      ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', enter, ROOT, ...command],
      { cwd: lab.dir, env: { ...env } },
      lab.path(`tmp/${program}-${started.length}.log`),
    );
    started.push(exporter);
    return () =>
      fetch(`http://127.0.0.1:${port}/metrics`).then(
        (answer) => answer.text(),
        () => '',
      );
  }

  const connection = (user = ROLE) => ({
    DATA_SOURCE_NAME: `host=${lab.path('socket')} port=${lab.port} user=${user} dbname=postgres sslmode=disable`,
  });

  test('logs in at the server as the peer of its own role, and tells what only a monitor may see', async () => {
    const metrics = await run('prometheus-postgres-exporter', [], connection());
    await eventually('it answers', async () => (await metrics()).includes('pg_up '));
    const text = await metrics();
    expect(text).toMatch(/^pg_up 1$/m);
    expect(text).toMatch(/^pg_replication_is_replica 0$/m);
    expect(text).toMatch(/^pg_stat_archiver_archived_count\{/m);
    // Others hide their state from a role without pg_monitor.
    expect(text).toMatch(/^pg_settings_max_connections\{.*\} 100$/m);
    expect(text).not.toMatch(/^pg_scrape_collector_success\{.*\} 0$/m);
    expect(await lab.sql(`select count(*) from pg_stat_activity where usename = '${ROLE}'`)).not.toBe('0');
  });

  test('gets in as nobody else, and nobody else as it', async () => {
    const other = await run('prometheus-postgres-exporter', [], connection(), '33:33');
    await eventually('it answers', async () => (await other()).includes('pg_up '));
    expect(await other()).toMatch(/^pg_up 0$/m);
  });

  test('says that the server is down, and lives', async () => {
    const metrics = await run('prometheus-postgres-exporter', [], connection());
    await eventually('it is up', async () => /^pg_up 1$/m.test(await metrics()));
    await lab.stopServer();
    await eventually('it is down', async () => /^pg_up 0$/m.test(await metrics()));
    await lab.startServer();
    await eventually('it is up again', async () => /^pg_up 1$/m.test(await metrics()));
  });

  /** The configuration that the Deployment mounts, with this store's place and authority. */
  async function repository(secrets: Readonly<Record<string, string>> = {}) {
    const vault = Vault.s3Compatible({
      endpoint: `https://localhost:${s3.port}`,
      bucket: 'vault',
      caPem: s3.caPem,
    });
    const conf = readerConf({ vault, number: 1, path: '/test/shop', retention: { full: 2 } });
    const name = `etc/exporter-${started.length}.conf`;
    lab.write(
      name,
      conf.replace(/^(repo1-storage-ca-file)=.*$/m, `$1=${lab.path('etc/vault-ca.crt')}`),
      0o644,
    );
    return run(
      'prometheus-pgbackrest-exporter',
      [
        `--backrest.config=${lab.path(name)}`,
        `--backrest.stanza-include=${lab.stanza}`,
        '--collect.interval=1',
      ],
      { ...lab.secrets, ...secrets },
    );
  }

  test('asks the repository by a key that only reads, and sees a backup that is made', async () => {
    s3.createReader('vault', 'reader', 'reader-secret-key');
    const metrics = await repository({
      PGBACKREST_REPO1_S3_KEY: 'reader',
      PGBACKREST_REPO1_S3_KEY_SECRET: 'reader-secret-key',
    });
    // 2: there is none yet.
    await eventually('there is none', async () => /^pgbackrest_repo_status\{.*\} 2$/m.test(await metrics()));
    expect(await metrics()).not.toContain('pgbackrest_backup_since_last_completion_seconds{');
    await lab.pgbackrest('backup', '--type=full');
    await eventually('there is one', async () =>
      /^pgbackrest_backup_since_last_completion_seconds\{backup_type="full",.*stanza="main"\} \d+$/m.test(
        await metrics(),
      ),
    );
    expect(await metrics()).toMatch(/^pgbackrest_exporter_status\{stanza="main"\} 1$/m);
    expect(await metrics()).toMatch(
      /^pgbackrest_repo_status\{cipher="aes-256-cbc",repo_key="1",stanza="main"\} 0$/m,
    );
  });

  test('a repository that refuses it is another thing than one without backups; so is a wrong passphrase', async () => {
    const refused = await repository({ PGBACKREST_REPO1_S3_KEY_SECRET: 'wrong' });
    await eventually('it is refused', async () => /^pgbackrest_repo_status\{.*\} 99$/m.test(await refused()));
    expect(await refused()).not.toContain('pgbackrest_backup_since_last_completion_seconds{');
    const closed = await repository({ PGBACKREST_REPO1_CIPHER_PASS: 'wrong' });
    await eventually('it cannot be opened', async () =>
      /^pgbackrest_exporter_status\{stanza="main"\} 0$/m.test(await closed()),
    );
  });
});
