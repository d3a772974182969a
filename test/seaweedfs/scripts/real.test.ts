import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from '../../../local/certificates/authority';
import { describeWithWeed, RealSeaweedFs } from './real';
import { described, hash, put, read } from './seaweedfs';
import { SeaweedFsPod } from './seaweedfs-pod';

/** What only a real one shows: its S3 gateway, its settings, and its metrics. */
describeWithWeed('a real SeaweedFS with buckets', () => {
  let pod: SeaweedFsPod;
  let server: RealSeaweedFs;

  beforeAll(async () => {
    pod = await SeaweedFsPod.start();
    server = await RealSeaweedFs.start();
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    await pod?.dispose();
  });

  const s3 = async (
    method: string,
    path: string,
    body?: string | Buffer,
    headers: Record<string, string> = {},
  ) => {
    const answer = await fetch(`${server.s3}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return { text, headers: answer.headers };
  };

  test('buckets come back with versions, parts, tags and what users said of an object', async () => {
    await s3('PUT', '/packs');
    await s3('PUT', '/versioned');
    const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
    await s3('PUT', '/versioned?versioning', enabled);
    await s3('PUT', '/versioned/key', 'one');
    await s3('PUT', '/versioned/key', 'two');
    const said = { 'content-type': 'text/x-log', 'x-amz-meta-job': '42', 'x-amz-tagging': 'kind=log' };
    await s3('PUT', '/packs/a/one.log', 'a line', said);
    // Of two parts.
    const started = await s3('POST', '/packs/parts.bin?uploads', '');
    const upload = /<UploadId>([^<]+)/.exec(started.text)?.[1];
    const parts = [Buffer.alloc(5_300_000, 1), Buffer.alloc(1_000_000, 2)];
    const tags: string[] = [];
    for (const [index, part] of parts.entries())
      tags.push(
        (await s3('PUT', `/packs/parts.bin?partNumber=${index + 1}&uploadId=${upload}`, part)).headers.get(
          'etag',
        ) ?? '',
      );
    const list = tags.map(
      (tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`,
    );
    await s3(
      'POST',
      `/packs/parts.bin?uploadId=${upload}`,
      `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`,
    );
    /** Of a bucket's own collection, so that it goes when the bucket is deleted. */
    const collections = async (): Promise<readonly string[]> => {
      const text = await (await fetch(server.volumes)).text();
      return [
        ...new Set([...text.matchAll(/"Collection":"(packs|versioned)"/g)].map(([, name]) => name ?? '')),
      ].sort();
    };
    const state = async (): Promise<unknown> => ({
      collections: await collections(),
      log: await described(server, '/buckets/packs/a/one.log'),
      head: Object.fromEntries(
        [...(await s3('HEAD', '/packs/parts.bin')).headers].filter(([name]) =>
          /etag|length|modified/.test(name),
        ),
      ),
      user: [...(await s3('GET', '/packs/a/one.log')).headers].filter(([name]) =>
        /meta|type|tagging-count/.test(name),
      ),
      tags: (await s3('GET', '/packs/a/one.log?tagging')).text,
      versioning: (await s3('GET', '/versioned?versioning')).text,
      versions: (await s3('GET', '/versioned?versions')).text,
      listed: (await s3('GET', '/packs?list-type=2')).text,
    });
    const before = await state();
    expect(before).toMatchObject({ collections: ['packs', 'versioned'] });
    const made = await pod.backup(server, { PACK_BYTES: '4000000' });
    expect(made).toMatchObject({ consistent: true, unread: 0, left: 0 });
    await server.wipe();
    expect(await pod.restore(server)).toMatchObject({ restored: made.files, failed: 0 });
    expect(await state()).toEqual(before);
    expect(await read(server, '/buckets/packs/parts.bin')).toBe(hash(Buffer.concat(parts)));
    const [old] = [...(before as { versions: string }).versions.matchAll(/<VersionId>([^<]+)/g)]
      .map(([, id]) => id)
      .reverse();
    expect((await s3('GET', `/versioned/key?versionId=${old}`)).text).toBe('one');
    // And a new write goes on from there.
    await s3('PUT', '/versioned/key', 'three');
    expect((await s3('GET', '/versioned/key')).text).toBe('three');
  }, 240_000);

  test('tells by its metrics what the alerts read', async () => {
    await put(server, '/docs/x', 'x');
    const metrics = await (await fetch(server.metrics)).text();
    for (const name of [
      'SeaweedFS_master_is_leader 1',
      'SeaweedFS_volumeServer_resource{name="[^"]+",type="avail"}',
      'SeaweedFS_volumeServer_resource{name="[^"]+",type="all"}',
      'SeaweedFS_volumeServer_disk_error_status{name="[^"]+",type="error"} 0',
    ])
      expect(metrics).toMatch(new RegExp(`^${name}`, 'm'));
  }, 60_000);
});

describeWithWeed('a real SeaweedFS that asks for tokens and certificates', () => {
  let pod: SeaweedFsPod;
  let server: RealSeaweedFs;
  let dir: string;

  beforeAll(async () => {
    pod = await SeaweedFsPod.start();
    dir = mkdtempSync(join(tmpdir(), 'certificates-'));
    chmodSync(dir, 0o755);
    const authority = await CertificateAuthority.create('test');
    const { certificate, key } = await authority.issue({
      commonName: 'seaweedfs',
      dnsNames: ['localhost'],
      addresses: ['127.0.0.1'],
    });
    for (const [name, text] of Object.entries({
      'ca.crt': authority.pem,
      'tls.crt': certificate,
      'tls.key': key,
    }))
      writeFileSync(join(dir, name), text, { mode: 0o644 });
    const parts = ['master', 'volume', 'filer', 's3', 'client'].map(
      (part) => `[grpc.${part}]\ncert = "${dir}/tls.crt"\nkey = "${dir}/tls.key"\n`,
    );
    const keys =
      '[jwt.filer_signing]\nkey = "a key to write"\n[jwt.filer_signing.read]\nkey = "a key to read"\n';
    server = await RealSeaweedFs.start(`${keys}[grpc]\nca = "${dir}/ca.crt"\n${parts.join('')}`);
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    await pod?.dispose();
    rmSync(dir, { recursive: true, force: true });
  });

  test('gets what the pods have: a key, and a certificate of a client', async () => {
    const content = Buffer.alloc(100_000, 7);
    await fetch(`${server.s3}/logs`, { method: 'PUT' });
    expect((await fetch(`${server.s3}/logs/a.log`, { method: 'PUT', body: content })).ok).toBe(true);
    expect(await read(server, '/buckets/logs/a.log')).toBe('401');
    const untold = await pod.run('backup.sh', server, { WEED_CONNECT_SECONDS: '3', WAIT_SECONDS: '1' });
    expect(untold.status).toBe(78);
    expect(untold.lastLine).toMatch(/`weed shell` did not end within 3 s: .*certificates, at `grpcTls`/);
    // As the construct writes it; weed finds it where it is started, too.
    pod.write(
      'security.toml',
      `[grpc]\nca = "${dir}/ca.crt"\n[grpc.client]\ncert = "${dir}/tls.crt"\nkey = "${dir}/tls.key"\n`,
    );
    pod.write('etc/read', 'a key to read');
    pod.write('etc/write', 'a key to write');
    const keyless = await pod.run('backup.sh', server);
    expect(keyless.lastLine).toContain('status 401');
    const backup = { SEAWEEDFS_READ_KEY_FILE: `${pod.dir}/etc/read` };
    pod.forget();
    expect(await pod.backup(server, backup)).toMatchObject({ files: 1, unread: 0, consistent: true });
    await server.wipe();
    const refused = await pod.run('restore.sh', server, backup);
    expect(refused.lastLine).toContain('the filer does not accept the key for writing (401)');
    const restore = { ...backup, SEAWEEDFS_WRITE_KEY_FILE: `${pod.dir}/etc/write` };
    expect(await pod.restore(server, restore)).toMatchObject({ restored: 1, failed: 0 });
    const back = await fetch(`${server.s3}/logs/a.log`);
    expect(hash(Buffer.from(await back.arrayBuffer()))).toBe(hash(content));
  }, 240_000);
});
