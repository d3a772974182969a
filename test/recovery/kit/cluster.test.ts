import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildKit, writeKit } from '../../../constructs/recovery/kit';
import { declareEveryKind } from './every-kind';
import { soleStack } from './kits';
import { PROVIDER_MIRROR, Terraform } from './terraform';

/**
 * A kubeconfig of a cluster to throw away: an API server and a controller
 * manager are enough. Objects named every-kind are made in it and removed.
 */
const KUBECONFIG = process.env['DISASTER_RECOVERY_TEST_KUBECONFIG'];
const testOnCluster = KUBECONFIG === undefined ? test.skip : test;
const testAdoption = KUBECONFIG === undefined || PROVIDER_MIRROR === undefined ? test.skip : test;

const TOKEN = 't"o\\k$en\n';
const CLUSTER_WIDE = ['ingressclass', 'priorityclass', 'storageclass', 'persistentvolume'].map((kind) => [
  kind,
  'every-kind-x',
]);

function kubectl(...args: readonly string[]): string {
  const result = spawnSync('kubectl', ['--kubeconfig', KUBECONFIG ?? '', ...args], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

function removeAll(): void {
  const found = (...args: readonly string[]) =>
    kubectl('delete', '--ignore-not-found', '--wait=false', ...args);
  found('namespace', 'every-kind');
  for (const kind of ['clusterrole', 'clusterrolebinding']) found(kind, 'every-kind:x');
  for (const object of CLUSTER_WIDE) found(...object);
  kubectl('wait', '--for=delete', 'namespace/every-kind', '--timeout=120s');
}

const stack = soleStack(declareEveryKind);

function apply(...args: readonly string[]): string {
  const directory = join(mkdtempSync(join(tmpdir(), 'kit-')), 'kit');
  writeKit(buildKit([stack], { environment: 'test' }), directory);
  const result = spawnSync(join(directory, 'apply'), args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], KUBECONFIG, TF_VAR_token: TOKEN },
  });
  expect(result.stderr).toBe('');
  expect(result.status).toBe(0);
  return result.stdout;
}

beforeAll(() => {
  if (KUBECONFIG !== undefined) removeAll();
}, 180_000);

afterAll(() => {
  if (KUBECONFIG !== undefined) removeAll();
}, 180_000);

testOnCluster(
  'an API server takes one object of every kind, as often as it is given them',
  () => {
    // A Pod cannot be judged before its service account is there.
    expect(apply('--dry-run')).toMatch(/checked 27 objects, nothing was changed\nnot checked: 1 objects/);
    expect(apply()).toContain('applied 28 objects\n');
    const secret = ['--namespace', 'every-kind', 'get', 'secret'] as const;
    expect(JSON.parse(kubectl(...secret, 'x', '--output', 'json'))).toMatchObject({
      data: { token: Buffer.from(TOKEN).toString('base64') },
    });
    // A job in the cluster fills the other Secret; the kit must leave that alone.
    kubectl(
      '--namespace',
      'every-kind',
      'patch',
      'secret',
      'empty',
      '--patch',
      '{"stringData":{"tls.key":"made here"}}',
    );
    expect(apply('--dry-run')).toContain('checked 28 objects, nothing was changed\n');
    expect(apply()).toContain('applied 28 objects\n');
    expect(JSON.parse(kubectl(...secret, 'empty', '--output', 'json'))).toMatchObject({
      data: { 'tls.key': Buffer.from('made here').toString('base64') },
    });
  },
  120_000,
);

testAdoption(
  'Terraform takes over what the kit has applied, replacing and restarting nothing',
  () => {
    const resources = Object.entries(
      (
        stack.terraform as {
          resource: Record<string, Record<string, { metadata: { name: string; namespace?: string } }>>;
        }
      ).resource,
    );
    const imports = resources
      // A Secret is never imported: its values would end in the state.
      .filter(([type]) => type !== 'kubernetes_secret_v1')
      .flatMap(([type, ofType]) =>
        Object.entries(ofType).map(([id, { metadata }]) => ({
          to: `${type}.${id}`,
          id: metadata.namespace === undefined ? metadata.name : `every-kind/${metadata.name}`,
        })),
      );
    const terraform = new Terraform(stack, {
      kubeconfig: KUBECONFIG ?? '',
      variables: { token: TOKEN },
      blocks: { import: imports },
    });
    const changes = terraform
      .plan()
      .filter(({ address, actions }) => !address.includes('secret') && !actions.includes('no-op'));
    // What is left are Terraform's own settings, of which the cluster hears nothing.
    expect(
      changes.map(({ address, actions, before, after }) => [address, actions, changed(before, after)]),
    ).toEqual([
      ['kubernetes_persistent_volume_claim_v1.claim', ['update'], ['wait_until_bound']],
      ['kubernetes_pod_v1.pod', ['update'], ['target_state']],
      ['kubernetes_service_v1.service', ['update'], ['wait_for_load_balancer']],
    ]);
  },
  120_000,
);

function changed(before: Record<string, unknown> | null, after: Record<string, unknown>): readonly string[] {
  return Object.keys(after).filter((key) => JSON.stringify(before?.[key]) !== JSON.stringify(after[key]));
}
