const rbac = 'rbac.authorization.k8s.io';

export interface Named {
  readonly name: string;
  readonly namespace: string;
}

export type Rule =
  | {
      readonly apiGroups: readonly string[];
      readonly resources: readonly string[];
      readonly verbs: readonly string[];
    }
  | { readonly nonResourceURLs: readonly string[]; readonly verbs: readonly string[] };

/** A namespace that admits only pods of the `restricted` standard. */
export function restrictedNamespace(name: string): object {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

export function serviceAccount(metadata: Named): object {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata };
}

/** Rights of an account in the whole cluster; the role has the account's name. */
export function clusterRights(account: Named, rules: readonly Rule[]): object[] {
  const metadata = { name: account.name };
  return [
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: account.name },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  ];
}

/** Rights of an account in one namespace. */
export function rights(account: Named, namespace: string, rules: readonly Rule[]): object[] {
  const metadata = { name: account.name, namespace };
  return [
    { apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name: account.name },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  ];
}

/** What the `restricted` standard asks of a pod that needs no volume of its own. */
export const RESTRICTED_POD = {
  runAsNonRoot: true,
  runAsUser: 65534,
  runAsGroup: 65534,
  fsGroup: 65534,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

/** What it asks of a container, and a read-only root besides. */
export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;

/** Small enough for a machine that does other work as well; no limit on processors, which would only delay. */
export function resources(cpu: string, memory: string, limit: string): object {
  return { requests: { cpu, memory }, limits: { memory: limit } };
}

export interface DeploymentProps extends Named {
  readonly image: string;
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readinessProbe: object;
  readonly resources: object;
}

/** One restricted pod that runs as the account of its own name. */
export function deployment(props: DeploymentProps): object {
  const { name, namespace, image, ...container } = props;
  const labels = nameLabel(name);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          securityContext: RESTRICTED_POD,
          containers: [
            {
              ...container,
              name,
              image,
              imagePullPolicy: 'IfNotPresent',
              securityContext: RESTRICTED_CONTAINER,
            },
          ],
        },
      },
    },
  };
}

/** The label by which pods and services are known to monitors, and which becomes their `job`. */
export function nameLabel(name: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': name };
}
