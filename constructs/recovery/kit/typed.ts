import { DEFAULT_NAMESPACE } from './defaults';
import { META_FAULTS, TERRAFORM_ONLY } from './exceptions';
import type { Faults } from './fault';
import { RESOURCE_KINDS, type ResourceKind } from './kinds';
import { type Fields, isFields, mapBlock } from './map-block';
import type { KitObject } from './object';
import { UNRESOLVED } from './run-time';
import { mapSecret } from './secret';
import type { Resource } from './stack';
import { workloadWaits } from './workload-waits';

/** A typed resource of the Kubernetes provider as the object that it stands for. */
export function typedObject(
  resource: Resource,
  kind: ResourceKind,
  body: Fields,
  faults: Faults,
  plainSecretKeys: ReadonlySet<string>,
): KitObject | undefined {
  const { metadata: block, ...rest } = withoutTerraform(body, faults);
  const metadata = mapMetadata(kind, block, faults);
  if (metadata === undefined) return undefined;
  const content =
    kind.kind === 'Secret'
      ? mapSecret(rest, `${metadata.namespace}/${metadata.name}`, plainSecretKeys, faults)
      : mapBlock(kind.type, rest, '', faults);
  return {
    resource,
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    namespace: metadata.namespace,
    name: metadata.name,
    rank: kind.rank,
    manifest: { apiVersion: kind.apiVersion, kind: kind.kind, metadata: metadata.fields, ...content },
    waits: workloadWaits(kind.kind, metadata.namespace, metadata.name, body, content ?? {}),
  };
}

export function kindOf(type: string): ResourceKind | undefined {
  return RESOURCE_KINDS[type];
}

/** The arguments that describe the object, without those that steer Terraform. */
export function withoutTerraform(body: Fields, faults: Faults): Fields {
  const rest: Fields = {};
  for (const [argument, value] of Object.entries(body)) {
    if (TERRAFORM_ONLY.has(argument)) continue;
    const fix = META_FAULTS[argument];
    if (fix === undefined) rest[argument] = value;
    else faults.add('kit-unknown-field', argument, value, 'Only Terraform can do this, not a manifest.', fix);
  }
  return rest;
}

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly fields: Fields;
}

function mapMetadata(kind: ResourceKind, block: unknown, faults: Faults): Metadata | undefined {
  const fields = mapBlock('V1ObjectMeta', block ?? {}, 'metadata', faults) ?? {};
  const { name, namespace = DEFAULT_NAMESPACE, ...rest } = fields;
  const single = Array.isArray(block) ? block[0] : block;
  // A reference that leads nowhere is a fault already.
  if (isFields(single) && Object.values(single).includes(UNRESOLVED)) return undefined;
  if (typeof name !== 'string' || fields['generateName'] !== undefined) {
    faults.add(
      'kit-name',
      'metadata.name',
      name ?? fields['generateName'],
      'The kit applies objects by name, again and again, and this one has none that is known at synth.',
      'Set metadata.name to a text that is known in the program.',
    );
    return undefined;
  }
  if (!kind.namespaced) return { name, namespace: '', fields: { name, ...rest } };
  if (typeof namespace !== 'string') {
    faults.add(
      'kit-name',
      'metadata.namespace',
      namespace,
      'The namespace is known only when the kit runs.',
      'Set metadata.namespace to a text that is known in the program.',
    );
    return undefined;
  }
  return { name, namespace, fields: { name, namespace, ...rest } };
}
