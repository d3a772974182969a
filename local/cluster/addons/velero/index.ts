import type { Progress } from '../../../processes/progress';
import type { Addon } from '../addon';
import { manifests, type VeleroObject } from './manifests';

const NAMESPACE = 'velero';

/** What opens its repositories: made by the platform before Velero runs. */
const KEY = { name: 'velero-repo-credentials', key: 'repository-password' };

const isDefinition = ({ kind }: VeleroObject): boolean => kind === 'CustomResourceDefinition';

interface Workload extends VeleroObject {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly containers: readonly { readonly env: readonly object[] }[];
}

/**
 * Without its key Velero would make one that everybody knows, and encrypt by it: server and agent wait for the Secret,
 * which the platform declares.
 */
function waitingForKey(object: VeleroObject): VeleroObject {
  if (object.kind !== 'Deployment' && object.kind !== 'DaemonSet') return object;
  const { spec } = object as Workload;
  const pod = spec.template.spec;
  const variables = [
    { name: 'KEY_IS_THERE', valueFrom: { secretKeyRef: KEY } },
    // Its image has no folder that every user may write to.
    ...['HOME', 'TMPDIR'].map((name) => ({ name, value: '/scratch' })),
  ];
  const containers = pod.containers.map((container) => ({
    ...container,
    env: [...container.env, ...variables],
  }));
  const template = { ...spec.template, spec: { ...pod, containers } };
  return { ...object, spec: { ...spec, template } } as VeleroObject;
}

/** Velero as its installer makes it, with its node agent. Nothing waits for it: it runs when the platform gave it its key. */
export const velero: Addon = {
  images: ['velero', 'velero-plugin-for-aws'],
  definitions: async (progress) => (await manifests(NAMESPACE, progress)).filter(isDefinition),
  stages: async (progress: Progress) => [
    {
      objects: (await manifests(NAMESPACE, progress))
        .filter((object) => !isDefinition(object))
        .map(waitingForKey),
      ready: [],
    },
  ],
};
