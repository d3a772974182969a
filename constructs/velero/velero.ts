import { type Alerting, AlertRules } from '../alerts';
import { kubernetes } from '../bindings/kubernetes';
import {
  addCheck,
  addWarning,
  Construct,
  literal,
  runtimeVariable,
  SecretRef,
  type TerraformStack,
  type TerraformVariable,
} from '../core';
import type { Vault } from '../object-storage';
import { type Asset, Recovery } from '../recovery';
import { CustomResource } from '../workloads';
import { VELERO_SCHEDULE_ALERTS } from './alerts/schedule/catalogue';
import { VELERO_SERVER_ALERTS } from './alerts/server/catalogue';
import { checkVelero, warnOfVelero } from './faults';
import { CREDENTIALS, LOCATION, locationSpec } from './location';
import { declareMonitor } from './monitor';
import { exclusionSelectors } from './owned';
import { policiesDocument, type ScheduleSpecContext, scheduleSpec, type VeleroSchedule } from './schedule';
import { locationPrefix, type VeleroSettings } from './settings';

export interface VeleroProps extends VeleroSettings {
  /** First part of the location's prefix, unless that is given. */
  readonly environment: string;
  readonly vault: Vault;
  /** Stacks whose workloads Terraform brings back: what these make is in no backup. @default none */
  readonly owned?: readonly TerraformStack[];
  /** Namespaces of the environment's charts, which their installation brings back. @default none */
  readonly ownedNamespaces?: readonly string[];
  /** @default - nobody is told */
  readonly alerting?: Alerting;
}

/** How long a backup may take before its age counts against the schedule, in seconds. */
const RUN_LIMIT = 4 * 3600;

/**
 * What Velero backs up, where to, and what that protects: its location and schedules. Both are custom resources of an
 * operator that may be missing, so they are declared in a stack of which nothing else waits. `VeleroPrerequisites` and
 * `veleroOperator` are what has to be there before.
 */
export class Velero extends Construct {
  readonly namespace: string;
  /** By name of the schedule. */
  readonly assets: ReadonlyMap<string, Asset>;

  constructor(scope: Construct, id: string, props: VeleroProps) {
    super(scope, id);
    const { alerting, owned = [], ownedNamespaces = [], schedules, vault } = props;
    this.namespace = props.namespace ?? 'velero';
    addCheck(this, () => checkVelero(props));
    addWarning(this, () => warnOfVelero(props));
    const state = recoveryState(this);
    this.declareLocation(props, state.accessMode);
    const exclusions = exclusionSelectors(owned);
    const sound = Object.entries(schedules).filter(([, { schedule }]) => schedule.faults().length === 0);
    for (const [name, schedule] of sound)
      this.declareSchedule(name, schedule, { exclusions, ownedNamespaces }, state.paused);
    const bucket = props.location?.bucket ?? vault.bucket;
    this.assets = new Map(sound.map(([name, schedule]) => [name, this.protect(name, schedule, props)]));
    if (alerting === undefined) return;
    declareMonitor(this, alerting, this.namespace);
    const where = { namespace: this.namespace, environment: props.environment, location: LOCATION, bucket };
    new AlertRules(this, 'alerts', {
      alerting,
      catalogue: VELERO_SERVER_ALERTS,
      subject: { name: 'velero', ...where },
    });
    for (const [name, { schedule }] of sound) {
      const asset = this.assets.get(name);
      new AlertRules(this, `alerts-${name}`, {
        alerting,
        catalogue: VELERO_SCHEDULE_ALERTS,
        subject: { name, ...where, maximumAge: schedule.longestGap().wholeSeconds() + RUN_LIMIT },
        ...(asset === undefined ? {} : { asset }),
      });
    }
  }

  private declareLocation(props: VeleroProps, accessMode: TerraformVariable): void {
    const { credentials, environment, location, vault } = props;
    const credential = credentialOf(credentials);
    new CustomResource(this, 'location', {
      apiVersion: 'velero.io/v1',
      kind: 'BackupStorageLocation',
      metadata: { name: LOCATION, namespace: this.namespace },
      spec: locationSpec({
        ...location,
        vault,
        prefix: locationPrefix(environment, location),
        ...(credential === undefined ? {} : { credential }),
      }),
      runtime: { accessMode },
      // A recovery ends it by itself, and the next one begins it here.
      force: true,
    });
  }

  private declareSchedule(
    name: string,
    schedule: VeleroSchedule,
    left: Pick<ScheduleSpecContext, 'exclusions' | 'ownedNamespaces'>,
    paused: TerraformVariable,
  ): void {
    const { namespace } = this;
    const policies = schedule.volumePolicies === undefined ? undefined : `velero-${name}-volumes`;
    if (schedule.volumePolicies !== undefined)
      new kubernetes.ConfigMapV1(this, `policies-${name}`, {
        metadata: { name: `velero-${name}-volumes`, namespace },
        data: { 'policies.yaml': literal(JSON.stringify(policiesDocument(schedule.volumePolicies))) },
      });
    new CustomResource(this, `schedule-${name}`, {
      apiVersion: 'velero.io/v1',
      kind: 'Schedule',
      metadata: { name, namespace },
      spec: scheduleSpec(schedule, { ...left, namespace, location: LOCATION, policies }),
      runtime: { paused },
      force: true,
    });
  }

  private protect(name: string, schedule: VeleroSchedule, props: VeleroProps): Asset {
    const { criticality = 'moderate', degradedMode, expectedSize, objectives, protects = [] } = schedule;
    const { repositoryKey, vault } = props;
    const asset = Recovery.of(this).asset({
      id: `velero-${name}`,
      kind: 'cluster-resources',
      criticality,
      recoveredBy: 'velero',
      ...(expectedSize === undefined ? {} : { expectedSize }),
      ...(objectives === undefined ? {} : { objectives }),
      ...(degradedMode === undefined ? {} : { degradedMode }),
    });
    for (const one of [asset, ...protects])
      Recovery.of(this).protects(one, {
        kind: 'velero',
        schedule: schedule.schedule,
        retention: `${schedule.keep.human()} of backups`,
        location: vault.location,
        ...(SecretRef.is(repositoryKey)
          ? { encryptedBy: { reference: repositoryKey, namespace: this.namespace } }
          : {}),
      });
    return asset;
  }
}

/** The Secret that the location names; `undefined`: the service account's role. */
function credentialOf(
  credentials: VeleroSettings['credentials'],
): { readonly name: string; readonly key: string } | undefined {
  if ('roleArn' in credentials) return undefined;
  if ('file' in credentials && SecretRef.is(credentials.file) && credentials.file.kind === 'existing')
    return { name: credentials.file.name, key: credentials.file.key };
  return CREDENTIALS;
}

/**
 * Where a cluster is in its recovery, said when it is applied. Whoever applies without `npm run deploy` has the safe side: an
 * empty cluster backs nothing up, and no backup that has expired meanwhile is deleted.
 */
function recoveryState(scope: Construct): {
  readonly accessMode: TerraformVariable;
  readonly paused: TerraformVariable;
} {
  const description =
    'until what Velero holds is restored and verified; npm run deploy and npm run velero see to it';
  return {
    accessMode: runtimeVariable(scope, 'velero_access_mode', {
      description: `ReadOnly ${description}`,
      fallback: 'ReadOnly',
      oneOf: ['ReadOnly', 'ReadWrite'],
    }),
    paused: runtimeVariable(scope, 'velero_paused', {
      description: `true ${description}`,
      fallback: 'true',
      type: 'bool',
    }),
  };
}
