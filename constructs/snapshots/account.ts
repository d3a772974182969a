import { kubernetes } from '../bindings/kubernetes';
import { Construct, dnsName } from '../core';
import { ACCOUNT_SUFFIX } from './expiry-policy';
import type { SnapshotScheduleProps } from './schedule-props';

export interface SnapshotAccountProps
  extends Pick<
    SnapshotScheduleProps,
    'name' | 'namespace' | 'claims' | 'claimSelector' | 'class' | 'together'
  > {
  readonly labels: Readonly<Record<string, string>>;
}

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly resourceNames?: string[];
  readonly verbs: string[];
}

const RBAC = 'rbac.authorization.k8s.io';
const SNAPSHOTS = 'snapshot.storage.k8s.io';
const GROUPS = 'groupsnapshot.storage.k8s.io';

/**
 * What the job may do: snapshots of its namespace, and of the contents, which have no namespace, read one by its name and, where
 * the class retains, set its policy. It can list no contents and delete none, and change no claim.
 */
export class SnapshotAccount extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, props: SnapshotAccountProps) {
    super(scope, id);
    const { labels, name, namespace } = props;
    this.name = `${name}${ACCOUNT_SUFFIX}`;
    const metadata = { name: this.name, namespace, labels: { ...labels } };
    // Two namespaces may have schedules of one name.
    const clusterMetadata = { name: dnsName([namespace, this.name]), labels: { ...labels } };
    const subject = [{ kind: 'ServiceAccount', name: this.name, namespace }];
    new kubernetes.ServiceAccountV1(this, 'account', { metadata, automountServiceAccountToken: false });
    new kubernetes.RoleV1(this, 'role', { metadata, rule: namespacedRules(props) });
    new kubernetes.RoleBindingV1(this, 'role-binding', {
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'Role', name: this.name },
      subject,
    });
    new kubernetes.ClusterRoleV1(this, 'cluster-role', {
      metadata: clusterMetadata,
      rule: clusterRules(props),
    });
    new kubernetes.ClusterRoleBindingV1(this, 'cluster-role-binding', {
      metadata: clusterMetadata,
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: clusterMetadata.name },
      subject,
    });
  }
}

function namespacedRules({ claims, claimSelector, together }: SnapshotAccountProps): Rule[] {
  const verbs = ['create', 'get', 'list', 'delete'];
  return [
    // Members of a group are made by the snapshot controller.
    {
      apiGroups: [SNAPSHOTS],
      resources: ['volumesnapshots'],
      verbs,
    },
    ...(together === true ? [{ apiGroups: [GROUPS], resources: ['volumegroupsnapshots'], verbs }] : []),
    claimSelector === undefined
      ? {
          apiGroups: [''],
          resources: ['persistentvolumeclaims'],
          resourceNames: [...(claims ?? [])],
          verbs: ['get'],
        }
      : { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['list'] },
  ];
}

function clusterRules({ class: { deletionPolicy }, together }: SnapshotAccountProps): Rule[] {
  const verbs = deletionPolicy === 'Retain' ? ['get', 'patch'] : ['get'];
  return [
    { apiGroups: [SNAPSHOTS], resources: ['volumesnapshotcontents'], verbs },
    ...(together === true
      ? [{ apiGroups: [GROUPS], resources: ['volumegroupsnapshotcontents'], verbs }]
      : []),
  ];
}
