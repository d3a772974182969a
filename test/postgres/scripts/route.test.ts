import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from '../../../local/certificates/authority';
import { FakeApi } from './fake-api';
import { Background, eventually } from './processes';
import { podScriptsFolder } from './scripts-folder';

const SCRIPT = join(podScriptsFolder(), 'route.sh');
const ROLE = 'cdktf-disaster-recovery/role';

/** The sidecar alone, beside a stand-in for psql that answers what a file says. */
describe('route.sh', () => {
  let dir: string;
  let api: FakeApi;
  let sidecar: Background;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'route-'));
    for (const name of ['account', 'tmp', 'bin']) mkdirSync(join(dir, name));
    const authority = await CertificateAuthority.create('api');
    const pair = await authority.issue({ commonName: 'localhost', dnsNames: ['localhost'] });
    writeFileSync(join(dir, 'account/ca.crt'), authority.pem);
    writeFileSync(join(dir, 'api.crt'), pair.certificate);
    writeFileSync(join(dir, 'api.key'), pair.key);
    writeFileSync(join(dir, 'account/token'), 'the-token');
    writeFileSync(join(dir, 'bin/psql'), `#!/bin/sh\ncat ${dir}/role\n`, { mode: 0o755 });
    api = await FakeApi.start({ certificate: join(dir, 'api.crt'), key: join(dir, 'api.key') });
  });
  afterEach(async () => {
    sidecar.kill();
    await sidecar.exit();
    await api.stop();
    rmSync(dir, { recursive: true });
  });

  const server = (role: string) => writeFileSync(join(dir, 'role'), `${role}\n`);
  const start = () => {
    const env = {
      ACCOUNT_DIR: join(dir, 'account'),
      API_URL: api.url,
      NAMESPACE: 'prod',
      POD_NAME: 'shop-1',
      DATABASE_NAME: 'shop',
      PG_BIN: join(dir, 'bin'),
      ROUTE_POLL_SECONDS: '0.1',
      ROUTED: join(dir, 'routed'),
      TMPDIR: join(dir, 'tmp'),
      TERMINATION_LOG: join(dir, 'termination-log'),
    };
    sidecar = Background.direct([SCRIPT], { cwd: dir, env }, join(dir, 'log'));
  };
  const labelled = (role: string) => eventually(`it is labelled ${role}`, () => api.labels[ROLE] === role);

  test('labels its own pod by what its server is, each time that changes, and leaves other labels alone', async () => {
    api.labels = { app: 'shop' };
    server('replica');
    start();
    await labelled('replica');
    server('primary');
    await labelled('primary');
    expect(api.labels).toEqual({ app: 'shop', [ROLE]: 'primary' });
    expect(new Set(api.requests.map(({ path }) => path))).toEqual(
      new Set(['/api/v1/namespaces/prod/pods/shop-1']),
    );
    expect(api.patches.map(({ authorization }) => authorization)).toEqual([
      'Bearer the-token',
      'Bearer the-token',
    ]);
    expect(sidecar.log).not.toContain('the-token');
  });

  test('an API that does not answer, or denies it, is asked again, and why is told', async () => {
    api.failures = [
      { method: 'GET', status: 500 },
      { method: 'PATCH', status: 403 },
    ];
    server('replica');
    start();
    await labelled('replica');
    expect(sidecar.log).toMatch(/could not be labelled replica: .* answered 500/);
    expect(sidecar.log).toMatch(/denies labelling pod prod\/shop-1 \(403\) — FIX: /);
  });

  test('a pod that somebody labelled superseded leads no client to it, whatever its server says', async () => {
    api.labels = { [ROLE]: 'superseded' };
    server('primary');
    start();
    await eventually('it says so', () => sidecar.log.includes('is labelled superseded'));
    expect(api.patches).toEqual([]);
  });

  test('a server that does not answer changes nothing', async () => {
    server('');
    start();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(api.requests).toEqual([]);
  });
});
