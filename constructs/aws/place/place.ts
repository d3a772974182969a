import type { Finding, TerraformProvider } from '../../core';
import type { Location } from '../../recovery';

/** Where resources are made, and where facts say they are. */
export interface AwsPlace {
  /** `eu-west-3`. The resources name it themselves, so one provider serves all regions of an account. */
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  /**
   * Provider that signs in to this account.
   * @default - the stack's own: this place is in the account that the stack is applied to
   */
  readonly provider?: TerraformProvider;
}

/** Arguments of a resource that is in a region. */
export function inPlace({ provider, region }: AwsPlace): {
  readonly region: string;
  readonly provider?: TerraformProvider;
} {
  return { region, ...globally({ provider }) };
}

/** Arguments of a resource that is in all regions of its account: roles. */
export function globally({ provider }: { readonly provider?: TerraformProvider | undefined }): {
  readonly provider?: TerraformProvider;
} {
  return provider === undefined ? {} : { provider };
}

/** The fact by which copies are compared with what they protect. */
export function locationOf(
  name: string,
  { account, region }: Pick<AwsPlace, 'account' | 'region'>,
): Location {
  return { vault: name, region, account };
}

export function placeFaults({ account, region }: AwsPlace, property = ''): Finding[] {
  const at = property === '' ? '' : `${property}.`;
  return [
    ...(/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)
      ? []
      : [
          {
            rule: 'aws/region',
            message: `${at}region is "${region}", which is no region of Amazon`,
            fix: 'write its code, such as eu-west-3',
          },
        ]),
    ...(/^\d{12}$/.test(account)
      ? []
      : [
          {
            rule: 'aws/account',
            message: `${at}account is "${account}", and an account of Amazon has twelve digits`,
            fix: 'write its number, as `aws sts get-caller-identity` tells it',
          },
        ]),
  ];
}

/** A key is used in its own region alone; an alias or an id could be anywhere. */
export function keyFaults(
  property: string,
  kmsKeyArn: string | undefined,
  place: Pick<AwsPlace, 'region'>,
): Finding[] {
  // Known to Terraform alone: it will say so itself.
  if (kmsKeyArn === undefined || kmsKeyArn.includes('${')) return [];
  const match = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:key\/.+$/.exec(kmsKeyArn);
  if (match === null)
    return [
      {
        rule: 'aws/kms-key',
        message: `${property} is "${kmsKeyArn}", which is no ARN of a key`,
        fix: 'write arn:aws:kms:<region>:<account>:key/<id>; an alias could name another key tomorrow',
      },
    ];
  if (match[1] === place.region) return [];
  return [
    {
      rule: 'aws/kms-key',
      message: `${property} is a key in ${match[1]}, and is used in ${place.region}, where it does not exist`,
      fix: `give a key in ${place.region}; a multi-region key has a replica with an ARN of its own there`,
    },
  ];
}
