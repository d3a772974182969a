import { addCheck, Construct, type Finding } from '../core';
import type { Location } from '../recovery';
import { CustomResource } from '../workloads';

/** What becomes of a snapshot in the store when its VolumeSnapshot is deleted. */
export type DeletionPolicy = 'Retain' | 'Delete';

/** A VolumeSnapshotClass that is there, whoever made it. */
export interface SnapshotClassReference {
  readonly name: string;
  /** Of the CSI driver: `ebs.csi.aws.com`. */
  readonly driver: string;
  readonly deletionPolicy: DeletionPolicy;
  /** Name of the VolumeGroupSnapshotClass of the same driver. @default - none: it cannot take several claims at once */
  readonly groupClass?: string;
  /**
   * Where the driver keeps its snapshots: the region of its disks, the array.
   * @default - a place that has the driver's name, of which no more is known
   */
  readonly location?: Location;
}

export interface SnapshotClassProps extends Pick<SnapshotClassReference, 'name' | 'driver' | 'location'> {
  /**
   * `Retain`: a snapshot outlives its VolumeSnapshot and namespace, whoever deletes them; only a schedule's retention, or
   * a person, removes it from the store. `Delete`: `kubectl delete namespace` destroys all of its snapshots as well.
   * @default 'Retain'
   */
  readonly deletionPolicy?: DeletionPolicy;
  /** Of the driver, which is the only one to know them: `{ 'csi.storage.k8s.io/snapshotter-secret-name': … }`. @default none */
  readonly parameters?: Readonly<Record<string, string>>;
  /**
   * A class of snapshots of several volumes at one instant, for drivers that can; its parameters. It needs the
   * definitions and the snapshot controller of external-snapshotter.
   * @default - none: volumes are taken one after the other
   */
  readonly group?: {
    readonly parameters?: Readonly<Record<string, string>>;
    /** Version of groupsnapshot.storage.k8s.io. @default 'v1', of external-snapshotter 8.6 and later */
    readonly apiVersion?: 'v1' | 'v1beta2' | 'v1beta1';
  };
  /** Whether VolumeSnapshots that name no class get this one, where they are of its driver. @default false */
  readonly isDefault?: boolean;
}

/**
 * How a driver takes snapshots: a VolumeSnapshotClass and, where the driver has them, a VolumeGroupSnapshotClass. Both are
 * custom resources: declare them in a stack that nothing which holds state waits for, after the snapshot controller's
 * definitions.
 */
export class SnapshotClass extends Construct implements SnapshotClassReference {
  readonly name: string;
  readonly driver: string;
  readonly deletionPolicy: DeletionPolicy;
  readonly groupClass?: string;
  readonly location?: Location;

  constructor(scope: Construct, id: string, props: SnapshotClassProps) {
    super(scope, id);
    const { deletionPolicy = 'Retain', driver, group, isDefault = false, location, name, parameters } = props;
    this.name = name;
    this.driver = driver;
    this.deletionPolicy = deletionPolicy;
    if (group !== undefined) this.groupClass = name;
    if (location !== undefined) this.location = location;
    addCheck(this, () => checkClass(props));
    new CustomResource(this, 'class', {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotClass',
      metadata: {
        name,
        annotations: isDefault ? { 'snapshot.storage.kubernetes.io/is-default-class': 'true' } : {},
      },
      fields: { driver, deletionPolicy, parameters },
    });
    if (group === undefined) return;
    new CustomResource(this, 'group', {
      apiVersion: `groupsnapshot.storage.k8s.io/${group.apiVersion ?? 'v1'}`,
      kind: 'VolumeGroupSnapshotClass',
      metadata: { name },
      fields: { driver, deletionPolicy, parameters: group.parameters },
    });
  }
}

function checkClass({ deletionPolicy, driver, name }: SnapshotClassProps): Finding[] {
  const found: Finding[] = [];
  const wrong = (property: string, value: unknown, why: string, fix: string): void => {
    found.push({ rule: 'snapshots/class', message: `${property} is ${JSON.stringify(value)}; ${why}`, fix });
  };
  if (!/^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/.test(name))
    wrong('name', name, 'it must be lower case letters, digits, - and .', 'for example ebs');
  if (!/^[A-Za-z0-9]([-.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/.test(driver))
    wrong(
      'driver',
      driver,
      'that is no name of a CSI driver',
      'as `kubectl get csidrivers` tells it: ebs.csi.aws.com',
    );
  if (deletionPolicy !== undefined && !['Retain', 'Delete'].includes(deletionPolicy))
    wrong('deletionPolicy', deletionPolicy, 'it must be Retain or Delete', 'leave it out for Retain');
  return found;
}
