import { aws } from '../bindings/aws';
import { Construct } from '../core';
import { type AwsPlace, globally } from './place';
import { type PolicyDocument, policyJson, serviceTrust } from './policies';

export interface ServiceRoleProps extends Pick<AwsPlace, 'provider'> {
  /** Unique in its account, 64 characters at most. */
  readonly name: string;
  /** `backup.amazonaws.com` */
  readonly service: string;
  readonly policy: PolicyDocument;
}

/** A role by which a service of Amazon does one thing. */
export class ServiceRole extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, props: ServiceRoleProps) {
    super(scope, id);
    const role = new aws.IamRole(this, 'role', {
      ...globally(props),
      name: props.name,
      assumeRolePolicy: policyJson(serviceTrust(props.service)),
    });
    new aws.IamRolePolicy(this, 'permissions', {
      ...globally(props),
      name: 'permissions',
      role: role.name,
      policy: policyJson(props.policy),
    });
    this.arn = role.arn;
  }
}
