import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { CertificateAuthority } from '../certificates/authority';
import type { Addresses } from '../network/addresses';
import { namespacePath } from '../network/namespaces';
import type { Supervisor } from '../processes/supervisor';

/** How the vault is reached, from the machine by address and from pods by name. */
export interface VaultServer {
  /** DNS name, also resolvable inside the cluster. */
  readonly endpointHost: string;
  readonly address: string;
  readonly port: number;
  readonly caPem: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
}

export interface VaultProps {
  readonly instance: string;
  /** The instance's folder; everything of the vault lies in `vault` below it. */
  readonly directory: string;
  readonly addresses: Addresses;
  readonly supervisor: Supervisor;
  readonly cgroup: string;
  /** Path of versitygw. */
  readonly program: string;
}

const PORT = 443;
const REGION = 'us-east-1';
const HEALTH = '/health';

/** Name under which pods and certificates know the vault of an instance. */
export function vaultHost(instance: string): string {
  return `vault.${instance}.test`;
}

/**
 * Starts the S3 server outside the cluster. Its keys, certificates and data
 * are made once and survive every loss of the cluster.
 */
export async function startVaultServer(props: VaultProps): Promise<VaultServer> {
  const root = join(props.directory, 'vault');
  const data = join(root, 'data');
  const versions = join(root, 'versions');
  const users = join(root, 'users');
  for (const path of [root, data, versions, users]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const vault = await facts(props, root);
  await props.supervisor.start({
    name: 'vault',
    command: props.program,
    args: [
      `--port=${vault.address}:${vault.port}`,
      // Absolute paths: it does not find relative ones.
      `--cert=${join(root, 'server.crt')}`,
      `--key=${join(root, 'server.key')}`,
      `--region=${vault.region}`,
      `--iam-dir=${users}`,
      `--health=${HEALTH}`,
      '--quiet',
      'posix',
      `--versioning-dir=${versions}`,
      data,
    ],
    // Keys travel in the environment, where other users of the machine cannot read them.
    environment: { ROOT_ACCESS_KEY: vault.accessKey, ROOT_SECRET_KEY: vault.secretKey },
    network: namespacePath(props.instance, 'vault'),
    cgroups: [props.cgroup],
    ready: () => healthy(vault),
  });
  return vault;
}

async function facts(props: VaultProps, root: string): Promise<VaultServer> {
  const path = join(root, 'vault.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as VaultServer;
  const endpointHost = vaultHost(props.instance);
  const address = props.addresses.vault;
  const authority = await CertificateAuthority.create(`dr-${props.instance} vault`);
  const server = await authority.issue({
    commonName: endpointHost,
    dnsNames: [endpointHost],
    addresses: [address],
  });
  const put = (name: string, text: string): void => writeFileSync(join(root, name), text, { mode: 0o600 });
  put('ca.crt', authority.pem);
  put('server.crt', server.certificate);
  put('server.key', server.key);
  const vault: VaultServer = {
    endpointHost,
    address,
    port: PORT,
    caPem: authority.pem,
    accessKey: `local${randomBytes(8).toString('hex')}`,
    secretKey: randomBytes(24).toString('base64url'),
    region: REGION,
  };
  put('vault.json', `${JSON.stringify(vault, undefined, 2)}\n`);
  return vault;
}

/** By address, but asking for the certificate of the name: what pods will see. */
function healthy(vault: VaultServer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const options = { host: vault.address, port: vault.port, path: HEALTH, ca: vault.caPem, timeout: 2_000 };
    const outgoing = request({ ...options, servername: vault.endpointHost }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 2 s')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
