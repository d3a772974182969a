import { kubernetes } from '../bindings/kubernetes';
import { Construct, Schedule, specHash } from '../core';
import { jobPod, RESTRICTED_CONTAINER, scheduledJob } from '../workloads';
import { configVolume, type DatabaseContext, identity, MOUNTS, temporary } from './context';
import { PATHS } from './paths';

/** When it is looked whether the certificates are in their last third. */
export const TLS_RENEWAL = Schedule.cron('17 5 * * *');

/** Name of the CronJob that does so. */
export const tlsRenewalName = ({ name }: Pick<DatabaseContext, 'name'>): string => `${name}-tls-renewal`;

export interface TlsPairProps {
  readonly context: DatabaseContext;
  /** Names under which the sidecar is reached. */
  readonly serverNames: readonly string[];
  /** Common name of the backup jobs. */
  readonly clientName: string;
}

export interface OwnTlsProps extends TlsPairProps {
  /** Name of the Secret that holds both halves. */
  readonly secret: string;
}

/**
 * Certificates between backup jobs and the sidecar, made inside the cluster: a
 * Job with rights on one Secret makes them and a CronJob renews them, so no key
 * ever leaves the namespace, and none is in Terraform's state.
 */
export class TlsPair extends Construct {
  constructor(scope: Construct, id: string, props: OwnTlsProps) {
    super(scope, id);
    const { context, secret } = props;
    const account = `${context.name}-tls`;
    const metadata = { name: account, namespace: context.namespace, labels: { ...context.labels } };

    // Empty on purpose, and write-only, so that what the Job puts there is neither read nor wiped.
    new kubernetes.SecretV1(this, 'secret', {
      metadata: { ...metadata, name: secret },
      dataWo: {},
      dataWoRevision: 1,
    });
    new kubernetes.ServiceAccountV1(this, 'account', { metadata, automountServiceAccountToken: false });
    new kubernetes.RoleV1(this, 'role', {
      metadata,
      rule: [
        {
          apiGroups: [''],
          resources: ['secrets'],
          resourceNames: [secret],
          verbs: ['get', 'patch'],
        },
      ],
    });
    new kubernetes.RoleBindingV1(this, 'role-binding', {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
      subject: [{ kind: 'ServiceAccount', name: account, namespace: context.namespace }],
    });

    const template = podTemplate(props, account);
    const hash = specHash({ template, config: context.configHash });
    new kubernetes.JobV1(this, 'first', {
      metadata: { ...metadata, name: `${account}-${hash}` },
      spec: { backoffLimit: 6, template },
      waitForCompletion: false,
    });
    new kubernetes.CronJobV1(this, 'renewal', {
      metadata: { ...metadata, name: tlsRenewalName(context) },
      spec: scheduledJob(TLS_RENEWAL, { labels: context.labels, backoffLimit: 6, template, keep: 1 }),
    });
  }
}

function podTemplate({ context, serverNames, clientName, secret }: OwnTlsProps, account: string) {
  const tmp = temporary('tls');
  return {
    metadata: { labels: { ...context.labels, 'app.kubernetes.io/component': 'tls' } },
    spec: {
      ...jobPod(context.layout.uid),
      serviceAccountName: account,
      automountServiceAccountToken: true,
      container: [
        {
          name: 'tls',
          image: context.image,
          imagePullPolicy: context.imagePullPolicy,
          command: [`${PATHS.scripts}/tls.sh`],
          env: [
            ...identity(context),
            { name: 'SECRET_NAME', value: secret },
            { name: 'NAMESPACE', value: context.namespace },
            { name: 'SERVER_NAMES', value: serverNames.join(',') },
            { name: 'CLIENT_CN', value: clientName },
          ],
          volumeMount: [MOUNTS.scripts, tmp.mount],
          resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '64Mi' } },
          securityContext: RESTRICTED_CONTAINER,
          terminationMessagePolicy: 'FallbackToLogsOnError',
        },
      ],
      volume: [configVolume(MOUNTS.scripts.name, context.configMaps.scripts, '0555'), tmp.volume],
    },
  };
}
