import { mkdirSync } from 'node:fs';
import { CertificateAuthority } from '../../../local/certificates/authority';
import { Lab } from './lab';
import { type Background, eventually } from './processes';
import { describeWithPostgres } from './tools';

/** Each side knows its own authority; the other's stands beside it, and the scripts let pgBackRest know both. */
describeWithPostgres('certificates of which each side has its own authority', () => {
  let lab: Lab;
  let sidecar: Background;
  let old: CertificateAuthority;

  const environment = (side: 'server' | 'client') => ({
    TLS_DIR: lab.path(`tls-${side}`),
    TLS_AUTHORITIES: lab.path(`tmp/${side}-authorities.crt`),
  });
  const job = () => {
    const { TLS_DIR, TLS_AUTHORITIES } = environment('client');
    return lab.job('backup.sh', ['full'], {
      TLS_DIR,
      TLS_AUTHORITIES,
      PGBACKREST_PG1_HOST_CA_FILE: TLS_AUTHORITIES,
      PGBACKREST_PG1_HOST_CERT_FILE: `${TLS_DIR}/client.crt`,
      PGBACKREST_PG1_HOST_KEY_FILE: `${TLS_DIR}/client.key`,
      ...{ WAIT_SECONDS: '3', CHECK_SECONDS: '3', BACKUP_RETRY_SECONDS: '3' },
    });
  };

  /** What cert-manager puts into the Secret of one side. */
  async function issue(side: 'server' | 'client', authority: CertificateAuthority): Promise<void> {
    const { certificate, key } = await authority.issue(
      side === 'server' ? { commonName: 'server', dnsNames: ['localhost'] } : { commonName: 'job' },
    );
    // Without its last line break, as it may be.
    lab.write(`tls-${side}/ca.crt`, authority.pem.trimEnd());
    lab.write(`tls-${side}/${side}.key`, key);
    lab.write(`tls-${side}/${side}.crt`, certificate);
  }
  const tell = (side: 'server' | 'client', authority: CertificateAuthority) =>
    lab.write(`tls-${side}/peer-ca.crt`, authority.pem);
  const reloads = () => sidecar.log.split('certificates changed').length - 1;
  const reloaded = async (change: () => Promise<void> | void) => {
    const before = reloads();
    await change();
    await eventually('the sidecar has reloaded', () => reloads() > before);
  };

  beforeAll(async () => {
    lab = await Lab.create();
    lab.deploy({ initialize: true });
    for (const side of ['server', 'client']) mkdirSync(lab.path(`tls-${side}`));
    lab.own();
    old = await CertificateAuthority.create('old');
    for (const side of ['server', 'client'] as const) await issue(side, old);
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    await lab.startServer();
    const { TLS_DIR, TLS_AUTHORITIES } = environment('server');
    sidecar = await lab.startSidecar({
      TLS_DIR,
      TLS_AUTHORITIES,
      PGBACKREST_TLS_SERVER_CA_FILE: TLS_AUTHORITIES,
      PGBACKREST_TLS_SERVER_CERT_FILE: `${TLS_DIR}/server.crt`,
      PGBACKREST_TLS_SERVER_KEY_FILE: `${TLS_DIR}/server.key`,
    });
  }, 60_000);
  afterAll(() => lab.dispose());

  test('the other one’s may be missing while both are the same', async () => {
    expect(await job()).toMatchObject({ status: 0 });
  });

  test('a new authority is accepted of one side as soon as the other is told, and not before', async () => {
    const authority = await CertificateAuthority.create('new');
    await issue('client', authority);
    expect(await job()).toMatchObject({ status: 78, lastLine: expect.stringContaining('certificate') });
    tell('client', old);
    // The job knows the server; the server does not know the job.
    expect(await job()).toMatchObject({ status: 78, lastLine: expect.stringContaining('certificate') });
    await reloaded(() => tell('server', authority));
    expect(await job()).toMatchObject({ status: 0 });

    await reloaded(() => issue('server', authority));
    tell('client', authority);
    expect(await job()).toMatchObject({ status: 0 });
    expect(sidecar.running).toBe(true);
  });

  test('an authority that neither side has any more is not accepted', async () => {
    await reloaded(() => tell('server', old));
    await issue('client', await CertificateAuthority.create('stranger'));
    expect(await job()).toMatchObject({ status: 78, lastLine: expect.stringContaining('certificate') });
  });
});
