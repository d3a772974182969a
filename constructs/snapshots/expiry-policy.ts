import { Construct } from '../core';
import { CustomResource } from '../workloads';

/** How service accounts of schedules end; the policy knows them by it. */
export const ACCOUNT_SUFFIX = '-snapshot-schedule';

const NAME = 'cdktf-disaster-recovery-snapshot-expiry';

/** Nothing but the policy may change, and only towards `Delete`. */
const SAME = [
  'object.metadata.?labels == oldObject.metadata.?labels',
  'object.metadata.?annotations == oldObject.metadata.?annotations',
  'object.metadata.?finalizers == oldObject.metadata.?finalizers',
  'object.metadata.?ownerReferences == oldObject.metadata.?ownerReferences',
  'object.spec.driver == oldObject.spec.driver',
  'object.spec.source == oldObject.spec.source',
];

function validations(ref: string): readonly { readonly expression: string; readonly message: string }[] {
  return [
    {
      expression: `oldObject.spec.${ref}.namespace == request.userInfo.username.split(':')[2]`,
      message: 'the service account of a snapshot schedule may change snapshots of its own namespace only',
    },
    {
      expression: `object.spec.deletionPolicy == 'Delete' && object.spec.${ref} == oldObject.spec.${ref} && ${SAME.join(' && ')}`,
      message:
        'the service account of a snapshot schedule may set deletionPolicy to Delete, and change nothing else',
    },
  ];
}

export interface SnapshotExpiryPolicyProps {
  /** Whether there are group snapshots. @default false */
  readonly groups?: boolean;
}

/**
 * Narrows what the jobs of schedules may do. VolumeSnapshotContents have no namespace, so a role that lets a job set the
 * deletion policy of its own lets it change everybody's; this admission policy (Kubernetes 1.30 and later) holds each such account
 * to those of its namespace, and to that one field. One for a cluster: declare it beside the classes, before any schedule.
 */
export class SnapshotExpiryPolicy extends Construct {
  constructor(scope: Construct, id: string, { groups = false }: SnapshotExpiryPolicyProps = {}) {
    super(scope, id);
    this.declare('contents', NAME, 'snapshot.storage.k8s.io', 'volumesnapshotcontents', 'volumeSnapshotRef');
    if (groups)
      this.declare(
        'group-contents',
        `${NAME}-groups`,
        'groupsnapshot.storage.k8s.io',
        'volumegroupsnapshotcontents',
        'volumeGroupSnapshotRef',
      );
  }

  private declare(id: string, name: string, group: string, resource: string, ref: string): void {
    const apiVersion = 'admissionregistration.k8s.io/v1';
    new CustomResource(this, id, {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [group],
              apiVersions: ['*'],
              operations: ['UPDATE'],
              resources: [resource],
            },
          ],
        },
        matchConditions: [
          {
            name: 'account-of-a-schedule',
            expression: `request.userInfo.username.startsWith('system:serviceaccount:') && request.userInfo.username.endsWith('${ACCOUNT_SUFFIX}')`,
          },
        ],
        validations: validations(ref),
      },
    });
    new CustomResource(this, `${id}-binding`, {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    });
  }
}
