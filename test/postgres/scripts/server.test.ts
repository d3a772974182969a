import { rmSync } from 'node:fs';
import { connect } from 'node:tls';
import { Lab } from './lab';
import { eventually } from './processes';
import { describeWithPostgres } from './tools';

/** The serial number of the certificate that the TLS server shows. */
function shownSerial(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describeWithPostgres('server.sh', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await Lab.create();
  });
  afterEach(() => lab.dispose());

  const environment = () => ({
    ...lab.paths,
    PGBACKREST_CONFIG: lab.path('server.conf'),
    TLS_POLL_SECONDS: '0.2',
    TLS_SETTLE_SECONDS: '0.2',
    POLL_SECONDS: '0.2',
  });

  test('waits for the certificates, telling so, and starts when they come', async () => {
    const sidecar = lab.spawn('server.sh', { ...environment(), PROGRESS_SECONDS: '1' });
    await eventually('it says what it waits for', () => sidecar.log.includes('waiting for the certificates'));
    expect(sidecar.running).toBe(true);
    await lab.makeCertificates();
    await eventually('it listens', async () => (await shownSerial(lab.tlsPort).catch(() => '')) !== '');
  });

  test('serves new certificates within moments, and not before they are whole', async () => {
    await lab.makeCertificates();
    const sidecar = await lab.startSidecar();
    const first = await shownSerial(lab.tlsPort);
    lab.write('tls/server.crt', '');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(sidecar.log).not.toContain('reloaded');
    expect(await shownSerial(lab.tlsPort)).toBe(first);
    await lab.makeCertificates();
    // For a moment, while it reloads, it refuses connections; jobs try again.
    const shown = () => shownSerial(lab.tlsPort).catch(() => first);
    await eventually('the new certificate is shown', async () => (await shown()) !== first);
    expect(await shownSerial(lab.tlsPort)).not.toBe(first);
    expect(sidecar.running).toBe(true);
  });

  test('ends cleanly on SIGTERM, and takes the TLS server with it', async () => {
    await lab.makeCertificates();
    const sidecar = await lab.startSidecar();
    sidecar.signal('SIGTERM');
    expect(await sidecar.exit(10_000)).toBe(0);
    await expect(shownSerial(lab.tlsPort)).rejects.toThrow();
  });

  test('ends on SIGTERM while it still waits', async () => {
    const sidecar = lab.spawn('server.sh', environment());
    await new Promise((resolve) => setTimeout(resolve, 500));
    sidecar.signal('SIGTERM');
    expect(await sidecar.exit(5_000)).toBe(0);
  });

  test('dies when the TLS server dies, with the reason', async () => {
    await lab.makeCertificates();
    rmSync(lab.path('server.conf'));
    lab.write('server.conf', '[global]\ntls-server-address=127.0.0.1\n');
    const sidecar = lab.spawn('server.sh', environment());
    expect(await sidecar.exit(10_000)).toBe(78);
    expect(sidecar.log.trimEnd().split('\n').at(-1)).toMatch(
      /^ERROR shop: pgbackrest server ended with status \d+ — FIX: /,
    );
    expect(sidecar.log).toContain('tls-server-');
  });
});

describeWithPostgres('start.sh', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.create();
    lab.deploy({ initialize: true });
  });
  afterAll(() => lab.dispose());

  const ends = async (env = {}) => {
    const server = lab.spawn('start.sh', { ...lab.podEnvironment, ...env });
    return { status: await server.exit(10_000), lastLine: server.log.trimEnd().split('\n').at(-1) };
  };

  test('says when the volume was not prepared', async () => {
    expect(await ends()).toEqual({
      status: 78,
      lastLine: expect.stringContaining('not a prepared data directory'),
    });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
  });

  test('says when the configuration is not mounted', async () => {
    expect(await ends({ SERVER_CONFIG_DIR: lab.path('conf.d') })).toEqual({
      status: 78,
      lastLine: expect.stringMatching(/postgresql\.conf is missing or unreadable — FIX: mount/),
    });
  });

  test('archives, whatever ALTER SYSTEM or an earlier restore left behind', async () => {
    lab.write(
      'volume/pgdata/postgresql.auto.conf',
      "archive_mode = off\narchive_command = '/bin/false'\nunix_socket_directories = '/nowhere'\n",
    );
    const server = await lab.startServer();
    expect(await lab.sql('show archive_mode; show archive_command; show archive_library')).toBe(
      `on\n${lab.path('scripts/archive.sh')} pgbackrest --stanza=main archive-push %p`,
    );
    server.signal('SIGTERM');
    expect(await server.exit()).toBe(0);
  });

  test('stop.sh ends it at once though a client stays connected, and with its last WAL archived', async () => {
    const server = await lab.startServer();
    await lab.pgbackrest('stanza-create');
    await lab.sql('create table if not exists last (n int)');
    const client = lab.query('select pg_sleep(60)');
    await eventually(
      'the client is there',
      async () =>
        (await lab.sql("select count(*) from pg_stat_activity where query like 'select pg_sleep%'")) === '1',
    );
    const segment = await lab.sql('select pg_walfile_name(pg_current_wal_lsn())');
    expect(await lab.script('stop.sh')).toMatchObject({ status: 0 });
    expect(await server.exit(1_000)).toBe(0);
    expect((await client).stderr).toContain('terminating connection');
    expect(await lab.pgbackrest('repo-ls', '--recurse', `archive/${lab.stanza}`)).toContain(segment);
  });

  test('a drill archives nothing', async () => {
    const server = await lab.startServer({ ARCHIVE_MODE: 'off' });
    expect(await lab.sql('show archive_mode; show archive_command')).toBe('off\n(disabled)');
    server.signal('SIGTERM');
    await server.exit();
  });
});
