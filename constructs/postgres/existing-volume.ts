import type { PersistentVolumeV1 } from '@cdktf/provider-kubernetes/lib/persistent-volume-v1';
import { kubernetes } from '../bindings/kubernetes';
import type { Construct, Finding, Size } from '../core';
import { OWN_LAYOUT } from './paths';

/**
 * A volume of this database that outlived its cluster, as `npm run deploy` tells it from the records in the vault.
 * Exactly one of `csi` and `local`.
 */
export interface ExistingVolume {
  readonly csi?: {
    /** For example `ebs.csi.aws.com`. */
    readonly driver: string;
    /** The driver's name of it, for example `vol-0123456789abcdef0`. */
    readonly volumeHandle: string;
    /** @default - the driver's own */
    readonly fsType?: string;
    /** @default - none */
    readonly attributes?: Readonly<Record<string, string>>;
  };
  /** A folder of a node. */
  readonly local?: { readonly path: string };
  /** Where it can be attached: a label of nodes and its value, for example `topology.kubernetes.io/zone`. */
  readonly nodes?: { readonly label: string; readonly value: string };
}

/** The claim of a pod of the server, as its StatefulSet names it. */
export function claimOf(database: string, ordinal = 0): string {
  return `${OWN_LAYOUT.dataVolume.name}-${database}-${ordinal}`;
}

/** Offers the volume to the claim of the server's first pod, and to no other one; whatever happens, its data is kept. */
export function declareExistingVolume(
  scope: Construct,
  props: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly volume: ExistingVolume;
    readonly storage: Size;
    readonly storageClass: string | undefined;
  },
): PersistentVolumeV1 {
  const { name, namespace, volume } = props;
  const { csi, local, nodes } = volume;
  return new kubernetes.PersistentVolumeV1(scope, 'existing-volume', {
    metadata: { name: `existing-${namespace}-${name}`, labels: { ...props.labels } },
    spec: [
      {
        capacity: { storage: props.storage.kubernetes() },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        ...(props.storageClass === undefined ? {} : { storageClassName: props.storageClass }),
        claimRef: { namespace, name: claimOf(name) },
        persistentVolumeSource:
          csi === undefined
            ? { local: { path: local?.path ?? '' } }
            : {
                csi: {
                  driver: csi.driver,
                  volumeHandle: csi.volumeHandle,
                  ...(csi.fsType === undefined ? {} : { fsType: csi.fsType }),
                  ...(csi.attributes === undefined ? {} : { volumeAttributes: { ...csi.attributes } }),
                },
              },
        ...(nodes === undefined
          ? {}
          : {
              nodeAffinity: {
                required: {
                  nodeSelectorTerm: [
                    { matchExpressions: [{ key: nodes.label, operator: 'In', values: [nodes.value] }] },
                  ],
                },
              },
            }),
      },
    ],
  });
}

export function checkExistingVolume({
  existingVolume: volume,
  storageClass,
}: {
  readonly existingVolume?: ExistingVolume;
  readonly storageClass?: string;
}): Finding[] {
  if (volume === undefined) return [];
  const rule = 'postgres/existing-volume';
  const findings: Finding[] = [];
  if ((volume.csi === undefined) === (volume.local === undefined)) {
    findings.push({
      rule,
      message: 'existingVolume has not exactly one of csi and local',
      fix: 'give what `npm run deploy` told of it, or what `kubectl get pv --output yaml` showed in the lost cluster',
    });
  }
  if (volume.local !== undefined && volume.nodes === undefined) {
    findings.push({
      rule,
      message: `existingVolume.local is ${volume.local.path}, but existingVolume.nodes does not tell of which node`,
      fix: "nodes: { label: 'kubernetes.io/hostname', value: … }",
    });
  }
  if (storageClass === undefined) {
    findings.push({
      rule,
      message:
        'storageClass is not set: the claim gets the default class of the cluster, which existingVolume cannot know',
      fix: 'set storageClass to the class that the claim is to have',
    });
  }
  return findings;
}
