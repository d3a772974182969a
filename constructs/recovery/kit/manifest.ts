import type { Faults } from './fault';
import { RANKS, RESOURCE_KINDS } from './kinds';
import { type Fields, isFields, reportUnknown } from './map-block';
import type { KitObject } from './object';
import type { Resource } from './stack';
import { withoutTerraform } from './typed';
import type { Waiting } from './wait';
import { timeoutOf, workloadWaits } from './workload-waits';

const RANK_OF_KIND: ReadonlyMap<string, number> = new Map<string, number>([
  ...Object.values(RESOURCE_KINDS).map((kind) => [kind.kind, kind.rank] as const),
  ['CustomResourceDefinition', RANKS.definition],
  ['VolumeSnapshotClass', RANKS.clusterSetting],
  ['APIService', RANKS.webhook],
  ['MutatingWebhookConfiguration', RANKS.webhook],
  ['ValidatingWebhookConfiguration', RANKS.webhook],
]);

/** A `kubernetes_manifest`: the object is in it as it is. */
export function manifestObject(resource: Resource, body: Fields, faults: Faults): KitObject | undefined {
  const { manifest, object: _made, computed_fields: _ignored, ...rest } = withoutTerraform(body, faults);
  const { field_manager: manager, wait, wait_for: waitFor, ...unknown } = rest;
  for (const [argument, value] of Object.entries(unknown))
    reportUnknown('kubernetes_manifest', value, argument, faults);
  const object = isFields(manifest) ? withoutNulls(manifest) : {};
  const { apiVersion, kind, metadata: given, ...content } = object;
  const metadata = isFields(given) ? given : {};
  const { name, namespace = '' } = metadata;
  if (
    typeof apiVersion !== 'string' ||
    typeof kind !== 'string' ||
    typeof name !== 'string' ||
    typeof namespace !== 'string'
  ) {
    faults.add(
      'kit-name',
      'manifest',
      { apiVersion, kind, name, namespace },
      'apiVersion, kind, metadata.name and metadata.namespace must be known at synth.',
      'Write them in the program.',
    );
    return undefined;
  }
  if (kind === 'Secret' && apiVersion === 'v1') checkSecret(object, faults);
  const settings = fieldManager(manager, faults);
  return {
    resource,
    apiVersion,
    kind,
    namespace,
    name,
    rank: RANK_OF_KIND.get(kind) ?? RANKS.custom,
    // In the order of every other manifest, which `apply --dry-run` relies on.
    manifest: { apiVersion, kind, metadata, ...content },
    ...(namespace === '' ? { unscoped: true } : {}),
    ...settings,
    waits: [
      ...manifestWaits(kind, namespace, name, timeoutOf(body['timeouts']), [wait, waitFor], faults),
      // Terraform waits for a manifest only where it says so; a layer above may need it all the same.
      ...workloadWaits(kind, namespace, name, { timeouts: body['timeouts'] }, object),
    ],
  };
}

function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => {
      if (value === null) return [];
      if (isFields(value)) return [[key, withoutNulls(value)]];
      if (Array.isArray(value))
        return [[key, value.map((item) => (isFields(item) ? withoutNulls(item) : item))]];
      return [[key, value]];
    }),
  );
}

function fieldManager(block: unknown, faults: Faults): Pick<KitObject, 'fieldManager' | 'forceConflicts'> {
  const { name, force_conflicts: force, ...unknown } = first(block);
  for (const [argument, value] of Object.entries(unknown)) {
    reportUnknown('field_manager', value, `field_manager.${argument}`, faults);
  }
  return {
    ...(typeof name === 'string' && name !== '' ? { fieldManager: name } : {}),
    ...(force === true ? { forceConflicts: true } : {}),
  };
}

/** `wait { rollout, condition { type, status }, fields }`, all of them before the next object. */
function manifestWaits(
  kind: string,
  namespace: string,
  name: string,
  timeout: number,
  blocks: readonly unknown[],
  faults: Faults,
): readonly Waiting[] {
  const waits: Waiting[] = [];
  const at = { kind, namespace, name, timeout };
  for (const block of blocks.map(first)) {
    const { rollout, condition, fields, ...unknown } = block;
    for (const [argument, value] of Object.entries(unknown))
      reportUnknown('wait', value, `wait.${argument}`, faults);
    if (rollout === true) waits.push({ when: 'now', wait: { ...at, for: 'rollout' } });
    for (const one of Array.isArray(condition) ? condition : condition === undefined ? [] : [condition]) {
      const { type, status } = isFields(one) ? one : {};
      waits.push({
        when: 'now',
        wait: { ...at, for: 'condition', condition: String(type), status: String(status ?? 'True') },
      });
    }
    for (const [field, pattern] of Object.entries(isFields(fields) ? fields : {})) {
      waits.push({ when: 'now', wait: { ...at, for: 'field', field, pattern: patternOf(pattern) } });
    }
  }
  return waits;
}

/** Terraform's `*` means "anything at all"; every other pattern is a regular expression. */
function patternOf(pattern: unknown): string {
  return pattern === '*' ? '.' : String(pattern);
}

function first(block: unknown): Fields {
  const one = Array.isArray(block) ? block[0] : block;
  return isFields(one) ? one : {};
}

/** The values of a Secret declared as a manifest end in the state and in the kit. */
function checkSecret(object: Fields, faults: Faults): void {
  for (const section of ['data', 'stringData']) {
    const values = object[section];
    if (!isFields(values)) continue;
    for (const key of Object.keys(values)) {
      faults.add(
        'kit-literal-secret',
        `manifest.${section}["${key}"]`,
        undefined,
        'The value of a Secret stands in a manifest.',
        'Declare the Secret as a SecretV1 with dataWo and a sensitive variable.',
      );
    }
  }
}
