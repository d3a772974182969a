import { X509Certificate } from 'node:crypto';
import { CertificateAuthority } from '../../local/certificates/authority';
import { corefile } from '../../local/cluster/addons/dns';
import { cgroupLayout } from '../../local/cluster/cgroups';
import { mountsBelow } from '../../local/cluster/destroy';
import { checkInstanceName } from '../../local/instance-state';
import { atLeast, missingPackages, PACKAGES, parseVersion } from '../../local/prerequisites';

describe('the layout of control groups', () => {
  test('version 1, with version 2 mounted beside it', () => {
    const layout = cgroupLayout(
      [
        'cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0',
        'cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0',
        'cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0',
        'cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0',
        '',
      ].join('\n'),
    );
    expect(layout).toMatchObject({ version: 1, tracking: '/sys/fs/cgroup/pids' });
    expect(layout.hierarchies).toHaveLength(3);
    // runc makes its groups there, too, so they have to be removed there.
    expect(layout.swept).toContain('/sys/fs/cgroup/unified');
  });

  test('version 2', () => {
    expect(cgroupLayout('cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n')).toEqual({
      version: 2,
      hierarchies: ['/sys/fs/cgroup'],
      swept: ['/sys/fs/cgroup'],
      tracking: '/sys/fs/cgroup',
    });
  });

  test('none says what to mount', () => {
    expect(() => cgroupLayout('proc /proc proc rw 0 0\n')).toThrow('mount -t cgroup2');
  });
});

test('a mount below the folder to be removed is seen, its neighbours are not', () => {
  const mounts = [
    'dev /data/x/node ext4 rw 0 0',
    'dev /data/xy ext4 rw 0 0',
    'dev /data/x/a\\040b tmpfs rw 0 0',
  ];
  expect(mountsBelow('/data/x', mounts.join('\n'))).toEqual(['/data/x/node', '/data/x/a b']);
});

test('cluster DNS answers for the named hosts and refuses what lies outside', () => {
  const text = corefile({ 'vault.one.test': '10.118.0.3' });
  expect(text).toContain('10.118.0.3 vault.one.test');
  expect(text).toContain('rcode NXDOMAIN');
  expect(text).not.toContain('forward');
});

describe('certificates', () => {
  test('a server is known by its names and addresses and trusted by its authority', async () => {
    const authority = await CertificateAuthority.create('ours');
    const other = await CertificateAuthority.create('theirs');
    const pair = await authority.issue({
      commonName: 'vault',
      dnsNames: ['vault.a.test'],
      addresses: ['10.118.0.3'],
    });
    const certificate = new X509Certificate(pair.certificate);
    expect(certificate.checkHost('vault.a.test')).toBe('vault.a.test');
    expect(certificate.checkHost('vault.b.test')).toBeUndefined();
    expect(certificate.checkIP('10.118.0.3')).toBe('10.118.0.3');
    expect(certificate.verify(new X509Certificate(authority.pem).publicKey)).toBe(true);
    expect(certificate.verify(new X509Certificate(other.pem).publicKey)).toBe(false);
  });

  test('a client is known by its name and group', async () => {
    const authority = await CertificateAuthority.create('ours');
    const pair = await authority.issue({ commonName: 'admin', organization: 'system:masters' });
    expect(new X509Certificate(pair.certificate).subject).toBe('O=system:masters\nCN=admin');
  });
});

describe('what a machine must have', () => {
  test.each([
    ['go version go1.24.1 linux/amd64', true],
    ['go version go1.23.9 linux/amd64', false],
    ['go version go2.0 linux/amd64', true],
    ['', false],
  ])('%s', (text, enough) => {
    expect(atLeast(parseVersion(text), [1, 24])).toBe(enough);
  });

  test('only packages whose programs are missing are installed', () => {
    expect(missingPackages(PACKAGES, () => true)).toEqual([]);
    expect(missingPackages(PACKAGES, (path) => path !== '/usr/bin/etcd')).toEqual(['etcd-server']);
  });
});

test.each(['a', 'rehearsal', 'shard-2'])('%s can be the name of an instance', (name) => {
  expect(() => checkInstanceName(name)).not.toThrow();
});

test.each(['', '../x', 'Local', '2nd', 'a-', 'a_b', 'a'.repeat(21)])(
  '%p cannot be the name of an instance',
  (name) => {
    expect(() => checkInstanceName(name)).toThrow('lower-case letters');
  },
);
