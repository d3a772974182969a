import type { Faults } from './fault';
import { type Fields, isFields } from './map-block';
import { releaseValues } from './release-values';
import { RunTime } from './run-time';
import type { Resource } from './stack';
import { withoutTerraform } from './typed';

/** A Helm release of the kit: what `helm upgrade --install` is given. */
export interface KitRelease {
  readonly resource: Resource;
  readonly name: string;
  readonly namespace: string;
  /** Chart name, `oci://…` reference, or path of a local chart. */
  readonly chart: string;
  readonly repository: string;
  readonly version: string;
  /** Arguments of helm besides name, chart, namespace and values. */
  readonly arguments: readonly string[];
  readonly values: Fields;
  /** The chart is a file or folder of the machine that synthesises: it is copied into the kit. */
  readonly local: boolean;
}

/** Flags of the release that are flags of helm. */
const FLAGS: Readonly<Record<string, string>> = {
  atomic: '--atomic',
  cleanup_on_fail: '--cleanup-on-fail',
  create_namespace: '--create-namespace',
  dependency_update: '--dependency-update',
  devel: '--devel',
  disable_openapi_validation: '--disable-openapi-validation',
  disable_webhooks: '--no-hooks',
  force_update: '--force',
  pass_credentials: '--pass-credentials',
  render_subchart_notes: '--render-subchart-notes',
  reset_values: '--reset-values',
  reuse_values: '--reuse-values',
  skip_crds: '--skip-crds',
  take_ownership: '--take-ownership',
  verify: '--verify',
  wait_for_jobs: '--wait-for-jobs',
};
const OPTIONS: Readonly<Record<string, string>> = {
  description: '--description',
  keyring: '--keyring',
  max_history: '--history-max',
};
/** Without a meaning for a run of helm. */
const IGNORED: ReadonlySet<string> = new Set([
  'lint',
  'upgrade_install',
  'replace',
  'set_wo_revision',
  'disable_crd_hooks',
]);
const READ: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'chart',
  'repository',
  'version',
  'wait',
  'timeout',
  'values',
  'set',
  'set_list',
  'set_sensitive',
  'set_wo',
]);
const REFUSED: Readonly<Record<string, string>> = {
  postrender: 'Put what the post-renderer does into the values, or into manifests of their own.',
  recreate_pods: 'Remove it: helm has no such flag any more.',
  repository_username: 'Remove it, and log in before the kit runs: helm repo add, or helm registry login.',
  repository_password: 'Remove it, and log in before the kit runs: helm repo add, or helm registry login.',
  repository_ca_file:
    'Remove it, and log in before the kit runs: helm repo add --ca-file, or helm registry login.',
  repository_cert_file: 'Remove it, and log in before the kit runs: helm repo add --cert-file.',
  repository_key_file: 'Remove it, and log in before the kit runs: helm repo add --key-file.',
};

export function helmRelease(resource: Resource, body: Fields, faults: Faults): KitRelease | undefined {
  const release = withoutTerraform(body, faults);
  const text = (argument: string): string => {
    const value = release[argument];
    if (value === undefined || value === null) return '';
    if (typeof value === 'string' && !value.includes('\n')) return value;
    faults.add(
      'kit-release',
      argument,
      value,
      'A text of one line that is known at synth is expected.',
      'Write it in the program.',
    );
    return '';
  };
  const [name, chart, version] = [text('name'), text('chart'), text('version')];
  const namespace = text('namespace') || 'default';
  const repository = text('repository');
  if (name === '' || chart === '') return undefined;
  const local =
    /^\.{0,2}\//.test(chart) || (repository === '' && chart.endsWith('.tgz') && !chart.includes('://'));
  if (local && !chart.startsWith('/')) {
    faults.add(
      'kit-release',
      'chart',
      chart,
      'The chart is a file of this machine, and its path does not say from where it is counted.',
      'Give the absolute path: the kit carries a copy.',
    );
  }
  if (version === '' && !local) {
    faults.add(
      'kit-release',
      'version',
      undefined,
      'Without a version, a recovery installs whatever chart is newest on that day.',
      'Set the version of the chart.',
    );
  }
  return {
    resource,
    name,
    namespace,
    chart,
    repository,
    version,
    local,
    arguments: helmArguments(release, faults),
    values: releaseValues(release, faults),
  };
}

function helmArguments(release: Fields, faults: Faults): readonly string[] {
  const result: string[] = [];
  for (const [argument, value] of Object.entries(release)) {
    if (value === null || READ.has(argument) || IGNORED.has(argument)) continue;
    const [flag, option, refused] = [FLAGS[argument], OPTIONS[argument], REFUSED[argument]];
    if (refused !== undefined) {
      if (value === false || isEmpty(value)) continue;
      faults.add('kit-release', argument, undefined, 'The kit cannot pass this to helm.', refused);
    } else if (value instanceof RunTime || (option !== undefined && String(value).includes('\n'))) {
      faults.add(
        'kit-release',
        argument,
        value,
        'It must be a text of one line that is known at synth.',
        'Write it in the program.',
      );
    } else if (flag !== undefined) {
      if (value === true) result.push(flag);
    } else if (option !== undefined) result.push(option, String(value));
    else {
      faults.add(
        'kit-unknown-field',
        argument,
        value,
        'The kit does not know this argument of a Helm release.',
        'Remove it, or add it to constructs/recovery/kit/release.ts.',
      );
    }
  }
  // The provider waits unless told otherwise, for five minutes.
  if (release['wait'] !== false) result.push('--wait');
  result.push('--timeout', `${typeof release['timeout'] === 'number' ? release['timeout'] : 300}s`);
  return result;
}

function isEmpty(value: unknown): boolean {
  return (
    value === '' ||
    (Array.isArray(value) && value.length === 0) ||
    (isFields(value) && Object.keys(value).length === 0)
  );
}
