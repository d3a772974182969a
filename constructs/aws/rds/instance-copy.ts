import { aws } from '../../bindings/aws';
import { addCheck, Construct, dnsName, type Finding } from '../../core';
import { type AwsPlace, inPlace, keyFaults, placeFaults } from '../place';
import type { DatabaseReference } from './database-instance';
import { identifierFaults } from './faults';
import { instantFaults } from './recovery-order';

export interface DatabaseInstanceCopyProps {
  /** The live one; it is only read, and stays as it is. */
  readonly of: DatabaseReference;
  /**
   * Of the incident, lower case letters, digits and hyphens: `4711`. It names the copy, `<name>-<id>`, and a copy is made
   * once for each: another instant needs another id.
   */
  readonly id: string;
  /** `latest`, or an instant as `2026-05-04T03:02:01Z`, in UTC, to the second, 5 minutes ago or earlier. */
  readonly to: 'latest' | string;
  /** `db.m7g.large`: as large as the live one where the copy is to take its place. */
  readonly instanceClass: string;
  readonly subnetGroupName: string;
  readonly securityGroupIds: readonly string[];
  /** @default - the engine's default parameters */
  readonly parameterGroupName?: string;
  /**
   * Where it is made from backups that were replicated there, once the live one's region is lost.
   * @default - beside the live one
   */
  readonly elsewhere?: AwsPlace & {
    /** Of the replicated backups. */
    readonly automatedBackupsArn: string;
    /** Key by which they are encrypted there. */
    readonly kmsKeyArn: string;
  };
  /**
   * Whether the copy is to stay, in the live one's place: it is then protected from deletion, keeps backups, and leaves a
   * final snapshot. Otherwise it goes when its declaration does.
   * @default false
   */
  readonly keep?: boolean;
}

/**
 * A second instance at an instant, beside the live one: to compare, to dump a table of it and load that into the live one
 * (selective restore), or to take its place (`keep`, and clients moved to `address`).
 *
 * It is made once. Its instant is part of what Terraform would have to replace, and that is refused (`prevent_destroy`): who
 * works on a copy does not lose it to a changed line. A copy that is done with is taken out of the code.
 */
export class DatabaseInstanceCopy extends Construct {
  readonly name: string;
  /** Host that clients connect to; known when it is made. */
  readonly address: string;

  constructor(scope: Construct, id: string, props: DatabaseInstanceCopyProps) {
    super(scope, id);
    const { elsewhere, keep = false, of, to } = props;
    this.name = copyName(props);
    addCheck(this, () => faults(props));
    const instance = new aws.DbInstance(this, 'instance', {
      ...(elsewhere === undefined ? inPlace({ region: of.region, account: of.account }) : inPlace(elsewhere)),
      identifier: this.name,
      instanceClass: props.instanceClass,
      restoreToPointInTime: {
        ...(elsewhere === undefined
          ? { sourceDbInstanceIdentifier: of.name }
          : { sourceDbInstanceAutomatedBackupsArn: elsewhere.automatedBackupsArn }),
        ...(to === 'latest' ? { useLatestRestorableTime: true } : { restoreTime: to }),
      },
      ...keyOf(elsewhere?.kmsKeyArn ?? of.kmsKeyArn),
      dbSubnetGroupName: props.subnetGroupName,
      vpcSecurityGroupIds: [...props.securityGroupIds],
      publiclyAccessible: false,
      multiAz: keep,
      backupRetentionPeriod: keep ? 14 : 0,
      deletionProtection: keep,
      skipFinalSnapshot: !keep,
      ...(keep ? { finalSnapshotIdentifier: `${this.name}-final`, deleteAutomatedBackups: false } : {}),
      copyTagsToSnapshot: true,
      tags: { 'copy-of': of.name, incident: props.id },
      lifecycle: { preventDestroy: true },
      ...(props.parameterGroupName === undefined ? {} : { parameterGroupName: props.parameterGroupName }),
    });
    this.address = instance.address;
  }
}

function keyOf(kmsKeyArn: string | undefined) {
  return kmsKeyArn === undefined ? {} : { kmsKeyId: kmsKeyArn };
}

function copyName({ id, of }: DatabaseInstanceCopyProps): string {
  return dnsName([of.name, id]);
}

function faults(props: DatabaseInstanceCopyProps): Finding[] {
  const { elsewhere, id, of, securityGroupIds, to } = props;
  const wrong = (message: string, fix: string): Finding => ({ rule: 'aws-rds/copy', message, fix });
  return [
    ...(/^[a-z0-9](-?[a-z0-9])*$/.test(id)
      ? []
      : [
          wrong(
            `id is "${id}", which cannot be part of a name`,
            'use lower case letters, digits and single hyphens',
          ),
        ]),
    ...identifierFaults('the name of the copy', copyName(props), 63),
    ...instantFaults('to', to),
    ...(securityGroupIds.length > 0
      ? []
      : [
          wrong(
            'securityGroupIds is empty: nobody would know who reaches the copy',
            'name the groups of who compares',
          ),
        ]),
    ...(elsewhere === undefined
      ? []
      : [
          ...placeFaults(elsewhere, 'elsewhere'),
          ...keyFaults('elsewhere.kmsKeyArn', elsewhere.kmsKeyArn, elsewhere),
          ...(elsewhere.region === of.region
            ? [
                wrong(
                  `elsewhere.region is ${of.region}, where ${of.name} itself is`,
                  'leave elsewhere out to restore beside it',
                ),
              ]
            : []),
        ]),
  ];
}
