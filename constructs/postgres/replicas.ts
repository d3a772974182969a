import { kubernetes } from '../bindings/kubernetes';
import { Construct, type Finding, SecretRef } from '../core';
import {
  type Container,
  type EnvironmentVariable,
  RESTRICTED_CONTAINER,
  type Volume,
  type VolumeMount,
} from '../workloads';
import { type DatabaseContext, headlessName, identity, MOUNTS, readiness, temporary } from './context';
import { PATHS, POSTGRES_PORT } from './paths';
import { ROLE_LABEL } from './role-label';

/** Role by which replicas stream. */
export const REPLICATION_ROLE = 'replicator';

const MAX_REPLICAS = 15;

interface Named {
  readonly name: string;
  readonly namespace: string;
}

/** Names of the pods, in the order of their ordinals. */
export function podNames({ name }: Pick<Named, 'name'>, replicas: number): readonly string[] {
  return Array.from({ length: 1 + replicas }, (_, ordinal) => `${name}-${ordinal}`);
}

/** Names under which the pods are reached, ready or not. */
export function podHosts(database: Named, replicas: number): readonly string[] {
  return podNames(database, replicas).map(
    (pod) => `${pod}.${headlessName(database)}.${database.namespace}.svc`,
  );
}

/** What a container of such a pod is told: who it is, and where all of them are. Nothing without replicas. */
export function peers(context: DatabaseContext, replicas: number): EnvironmentVariable[] {
  if (replicas === 0) return [];
  return [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    {
      name: 'PEERS',
      value: podHosts(context, replicas)
        .map((host) => `${host}:${POSTGRES_PORT}`)
        .join(','),
    },
  ];
}

const TOKEN: VolumeMount = {
  name: 'routing-token',
  mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
  readOnly: true,
};

/** Name of the service account of the pods, which may label them. */
export function routingAccount({ name }: Pick<DatabaseContext, 'name'>): string {
  return `${name}-routing`;
}

/** The container that labels its pod by what its server is; it alone has a token. */
export function routing(
  context: DatabaseContext,
  replicas: number,
): { readonly container: Container; readonly volumes: Volume[] } {
  const tmp = temporary('routing');
  return {
    container: {
      name: 'routing',
      image: context.image,
      imagePullPolicy: context.imagePullPolicy,
      command: [`${PATHS.scripts}/route.sh`],
      env: [
        ...identity(context),
        ...peers(context, replicas),
        { name: 'NAMESPACE', value: context.namespace },
      ],
      volumeMount: [MOUNTS.scripts, context.layout.socketVolume, TOKEN, tmp.mount],
      resources: { requests: { cpu: '5m', memory: '16Mi' }, limits: { memory: '64Mi' } },
      securityContext: RESTRICTED_CONTAINER,
      terminationMessagePolicy: 'FallbackToLogsOnError',
      // Until then no Service leads to it.
      readinessProbe: readiness('ready-file.sh', '/tmp/routed'),
    },
    volumes: [
      tmp.volume,
      {
        name: TOKEN.name,
        projected: [
          {
            defaultMode: '0440',
            sources: [
              {
                configMap: [{ name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] }],
                serviceAccountToken: { path: 'token', expirationSeconds: 3607 },
              },
            ],
          },
        ],
      },
    ],
  };
}

/** Not two on one node, where there are several: one that is lost takes one pod. */
export function antiAffinity(labels: Readonly<Record<string, string>>) {
  return {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          podAffinityTerm: {
            topologyKey: 'kubernetes.io/hostname',
            labelSelector: [{ matchLabels: { ...labels } }],
          },
        },
      ],
    },
  };
}

export interface ReplicasProps {
  readonly context: DatabaseContext;
  readonly replicas: number;
  /** Labels of the server's pods. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What a database has beside its StatefulSet because it has replicas. */
export class Replicas extends Construct {
  constructor(scope: Construct, id: string, { context, labels, replicas }: ReplicasProps) {
    super(scope, id);
    const { name, namespace } = context;
    const account = routingAccount(context);
    const metadata = { name: account, namespace, labels: { ...context.labels } };
    new kubernetes.ServiceAccountV1(this, 'account', { metadata, automountServiceAccountToken: false });
    new kubernetes.RoleV1(this, 'role', {
      metadata,
      rule: [
        {
          apiGroups: [''],
          resources: ['pods'],
          resourceNames: [...podNames(context, replicas)],
          verbs: ['get', 'patch'],
        },
      ],
    });
    new kubernetes.RoleBindingV1(this, 'role-binding', {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
      subject: [{ kind: 'ServiceAccount', name: account, namespace }],
    });
    new kubernetes.ServiceV1(this, 'service', {
      metadata: { name: replicasServiceName(context), namespace, labels: { ...labels } },
      spec: {
        selector: { ...labels, [ROLE_LABEL]: 'replica' },
        port: [{ name: 'postgres', port: POSTGRES_PORT, targetPort: 'postgres', protocol: 'TCP' }],
      },
    });
    new kubernetes.PodDisruptionBudgetV1(this, 'budget', {
      metadata: { name, namespace, labels: { ...labels } },
      spec: { maxUnavailable: '1', selector: { matchLabels: { ...labels } } },
    });
  }
}

/** Name of the Service that leads to replicas, for reads. */
export function replicasServiceName({ name }: Pick<DatabaseContext, 'name'>): string {
  return `${name}-replicas`;
}

/** What is wrong with what is said about replicas. */
export function checkReplicas(props: {
  readonly replicas?: number;
  readonly replicationPassword?: SecretRef;
  readonly upgradeFrom?: number;
  readonly application?: { readonly role: string };
}): Finding[] {
  const { application, replicas = 0, replicationPassword, upgradeFrom } = props;
  const findings: Finding[] = [];
  const wrong = (message: string, fix: string): void => {
    findings.push({ rule: 'postgres/replicas', message, fix });
  };
  if (!Number.isInteger(replicas) || replicas < 0 || replicas > MAX_REPLICAS) {
    wrong(
      `replicas is ${replicas}; it must be a whole number from 0 to ${MAX_REPLICAS}`,
      'for example 1: a primary and one replica',
    );
    return findings;
  }
  if (replicas === 0) return findings;
  if (replicationPassword === undefined) {
    wrong(
      `replicas is ${replicas}, but replicationPassword is not set: replicas log in at the primary by it`,
      "for example SecretRef.variable('orders_replication_password', { description: 'password by which replicas stream' })",
    );
  } else findings.push(...SecretRef.faults(replicationPassword, 'replicationPassword'));
  if (upgradeFrom !== undefined) {
    wrong(
      `replicas is ${replicas} while upgradeFrom is ${upgradeFrom}: a replica cannot follow through a major upgrade`,
      'upgrade with replicas: 0, after the first pod was promoted; then declare them again, with new volumes',
    );
  }
  if (application?.role === REPLICATION_ROLE) {
    wrong(
      `application.role is "${REPLICATION_ROLE}", the role by which replicas stream`,
      'give the application a role of another name',
    );
  }
  return findings;
}
