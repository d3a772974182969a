import { parseArn } from './arn';
import { type PolicyDocument, policyDocument } from './document';

export interface ServiceAccountTrustProps {
  /** `arn:aws:iam::<account>:oidc-provider/oidc.eks.<region>.amazonaws.com/id/<id>`: the cluster's, registered with IAM. */
  readonly oidcProviderArn: string;
  /** Who may take the role, by name; patterns are not read. */
  readonly serviceAccounts: readonly { readonly namespace: string; readonly name: string }[];
}

/**
 * Trust of a role for service accounts of one cluster (IRSA): pods have the role without a key that could be lost. Both
 * claims are compared, and whole: without the subject's every pod of the cluster would have the role
 * (docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html).
 *
 * A cluster that comes back has another provider: the role's trust changes with it, in the same deploy.
 * @throws RangeError when the ARN is no provider's
 */
export function serviceAccountTrust({
  oidcProviderArn,
  serviceAccounts,
}: ServiceAccountTrustProps): PolicyDocument {
  const issuer = /^oidc-provider\/(.+)$/.exec(parseArn(oidcProviderArn)?.resource ?? '')?.[1];
  if (issuer === undefined)
    throw new RangeError(
      `oidcProviderArn ${JSON.stringify(oidcProviderArn)} is no ARN of an OIDC provider; write arn:aws:iam::<account>:oidc-provider/<issuer without https://>.`,
    );
  return policyDocument({
    Sid: 'ServiceAccounts',
    Effect: 'Allow',
    Principal: { Federated: [oidcProviderArn] },
    Action: ['sts:AssumeRoleWithWebIdentity'],
    Condition: {
      StringEquals: {
        [`${issuer}:aud`]: ['sts.amazonaws.com'],
        [`${issuer}:sub`]: serviceAccounts.map(
          ({ name, namespace }) => `system:serviceaccount:${namespace}:${name}`,
        ),
      },
    },
  });
}

/**
 * Trust of a role for a service of Amazon. It names no account: a role is handed to a service by `iam:PassRole`, which
 * knows roles of its own account alone, so the service cannot be told to use it by another one.
 */
export function serviceTrust(service: string): PolicyDocument {
  return policyDocument({
    Sid: 'Service',
    Effect: 'Allow',
    Principal: { Service: [service] },
    Action: ['sts:AssumeRole'],
  });
}
