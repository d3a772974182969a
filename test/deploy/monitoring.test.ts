import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, fail } from '../../commands/failure';
import { apply } from '../../deploy/engine';
import { applyMonitoring } from '../../deploy/monitoring';
import { EnvironmentProblem, NotWatched } from '../../deploy/progress';

const PATH = process.env['PATH'];
let directory: string;
let said: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'monitoring-'));
  said = [];
  process.env['PATH'] = `${directory}:${PATH}`;
});
afterEach(() => {
  process.env['PATH'] = PATH;
  rmSync(directory, { recursive: true, force: true });
});

/** A stand-in for the kit's `apply`, or for npx. */
function program(path: string, text: string): void {
  mkdirSync(join(directory, path, '..'), { recursive: true });
  writeFileSync(join(directory, path), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
}
const kit = (text: string) => program('cdktf.out/recovery/staging/kit/apply', text);
const terraform = (text: string) => program('npx', text);
/** As Terraform says it through cdktf. */
const boxed = (text: string) => `printf '  \\e[31m│\\e[0m \\e[0m${text}\\e[0m\\n'`;

const options = (context?: string) => ({
  environment: 'staging',
  context,
  directory,
  variables: {},
  progress: (line: string) => void said.push(line),
});

const OWN_WORDS =
  /^the platform is up; what watches it is not: the cluster does not know PodMonitor, PrometheusRule \(monitoring\.coreos\.com\) — FIX: install the Prometheus operator .*MONITORING=none$/;

test('each part is applied by itself, and what watches is told apart', async () => {
  kit('echo "kit: $*"');
  terraform('echo "npx: $*"');
  await apply('kit', 'platform', options('there'));
  expect(await applyMonitoring('kit', options('there'))).toBeUndefined();
  await apply('terraform', 'platform', options());
  expect(await applyMonitoring('terraform', options())).toBeUndefined();
  const common = '--auto-approve --skip-provider-lock';
  expect(said).toEqual([
    'kit: --context there --without-monitoring',
    'monitoring: kit: --context there --monitoring',
    `npx: cdktf deploy staging-!(monitoring|velero) ${common}`,
    `monitoring: npx: cdktf deploy staging-monitoring --ignore-missing-stack-dependencies --skip-synth ${common}`,
  ]);
});

test('a cluster without the operator is named as such, by the kit and by Terraform', async () => {
  const missing = (kind: string) =>
    `no matches for kind \\"${kind}\\" in version \\"monitoring.coreos.com/v1\\"`;
  kit(
    `echo "error: ${missing('PrometheusRule')}" >&2; echo "error: ${missing('PodMonitor')}" >&2; echo "ERROR the cluster does not know … — FIX: …" >&2; exit 1`,
  );
  expect((await applyMonitoring('kit', options()))?.message).toMatch(OWN_WORDS);
  const patch = (what: string) =>
    `echo "Error from server (NotFound): the server could not find the requested resource (patch ${what}.monitoring.coreos.com orders)" >&2`;
  kit(`${patch('podmonitors')}; ${patch('prometheusrules')}; exit 1`);
  expect((await applyMonitoring('kit', options()))?.message).toContain(
    'does not know podmonitors, prometheusrules (monitoring.coreos.com) — FIX: install the Prometheus operator',
  );
  terraform(
    ['PodMonitor', 'PrometheusRule']
      .map((kind) => boxed(`no matches for kind "${kind}" in group "monitoring.coreos.com"`))
      .join('; ')
      .concat('; exit 1'),
  );
  expect((await applyMonitoring('terraform', options()))?.message).toMatch(OWN_WORDS);
  expect(said).toContain('WARNING what watches staging could not be applied; why is told at the end');
});

test('another cause is told in the words of the engine', async () => {
  kit('echo "ERROR TF_VAR_hook is not set — FIX: export TF_VAR_hook=…" >&2; exit 1');
  expect((await applyMonitoring('kit', options()))?.message).toBe(
    'the platform is up; what watches it is not: kit could not apply staging-monitoring: TF_VAR_hook is not set — FIX: export TF_VAR_hook=…',
  );
  terraform(
    `${boxed('\\e[31mError: \\e[0m\\e[1mnamespaces "monitoring" not found')}; echo 'Error: terraform apply failed with exit code 1'; exit 1`,
  );
  expect((await applyMonitoring('terraform', options()))?.message).toMatch(
    /: terraform could not apply staging-monitoring: namespaces "monitoring" not found — FIX: read what was said above/,
  );
  rmSync(join(directory, 'cdktf.out'), { recursive: true });
  expect((await applyMonitoring('kit', options()))?.message).toMatch(/ENOENT.* — FIX: /);
});

test('what holds state is not forgiven', async () => {
  kit('echo "ERROR no — FIX: yes" >&2; exit 1');
  await expect(apply('kit', 'platform', options())).rejects.toThrow(
    new EnvironmentProblem('kit could not apply staging: no — FIX: yes'),
  );
});

test('the command ends with a status of its own', () => {
  const told = jest.spyOn(console, 'error').mockImplementation();
  try {
    fail(new NotWatched('the cause — FIX: the fix'));
    expect(process.exitCode).toBe(EXIT.notWatched);
    expect(told.mock.calls).toEqual([
      ['ERROR the platform is up; what watches it is not: the cause — FIX: the fix'],
    ]);
    expect(new Set(Object.values(EXIT)).size).toBe(3);
  } finally {
    process.exitCode = 0;
    told.mockRestore();
  }
});
