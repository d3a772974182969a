import { addCheck, addWarning, type Construct, type Duration, type Finding } from '../../core';
import { type Asset, type Location, type Protection, recoveryPoint } from '../../recovery';
import type { AwsPlace } from './place';

type Place = Pick<AwsPlace, 'region' | 'account'>;

/**
 * Looks at synthesis at all that protects an asset, whoever declared it: whether its copies die together with it, and
 * whether they are as young as its objectives ask.
 *
 * | | critical | moderate | low, none |
 * | --- | --- | --- | --- |
 * | no copy outside its region and account | fault | warning | |
 * | none in another region | warning | | |
 * | no copy as young as `objectives.rpo` | fault | fault | fault |
 * | none outside as young as that | warning | warning | warning |
 *
 * Another account alone is accepted, with a warning, where data must not leave its region.
 */
export function checkCopies(scope: Construct, asset: Asset, place: Place): void {
  addCheck(scope, () => togetherFaults(asset, place));
  addWarning(scope, () => (asset.props.criticality === 'moderate' ? together(asset, place) : []));
  checkReach(scope, asset, place);
}

/** The part of it about regions and ages, for an asset whose need of a copy elsewhere is looked at already. */
export function checkReach(scope: Construct, asset: Asset, place: Place): void {
  addCheck(scope, () => ageFaults(asset));
  addWarning(scope, () => [...regionWarnings(asset, place), ...ageWarnings(asset, place)]);
}

/** Earlier versions are in the very bucket that is lost: no copy. */
function copiesOf(asset: Asset): readonly Protection[] {
  return asset.protections.filter(({ kind }) => kind !== 'versioning');
}

function isOutside({ account, cluster, region }: Location, place: Place): boolean {
  if (cluster !== undefined) return false;
  // A store that is not Amazon's has no account.
  return account === undefined || region !== place.region || account !== place.account;
}

function isElsewhere(location: Location, place: Place): boolean {
  return isOutside(location, place) && (location.account === undefined || location.region !== place.region);
}

function together(asset: Asset, place: Place): Finding[] {
  const copies = copiesOf(asset);
  if (copies.some(({ location }) => isOutside(location, place))) return [];
  const has = copies.length === 0 ? 'has no copy at all' : 'has all its copies';
  return [
    {
      rule: copies.length === 0 ? 'aws/no-copy' : 'aws/copies-together',
      message: `asset ${asset.props.id} is ${asset.props.criticality}, and ${has}${copies.length === 0 ? '' : ` in its own region and account (${place.region}, ${place.account}), which one mistake or one intruder takes along`}`,
      fix: 'copy it to another region, best in another account: replication, a copy of an AWS Backup plan, or a mirror into the vault',
    },
  ];
}

function togetherFaults(asset: Asset, place: Place): Finding[] {
  return asset.props.criticality === 'critical' ? together(asset, place) : [];
}

function regionWarnings(asset: Asset, place: Place): Finding[] {
  if (asset.props.criticality !== 'critical' || together(asset, place).length > 0) return [];
  if (copiesOf(asset).some(({ location }) => isElsewhere(location, place))) return [];
  return [
    {
      rule: 'aws/one-region',
      message: `asset ${asset.props.id} is critical, and every copy of it is in ${place.region}, as it is itself`,
      fix: 'copy it to another region, unless it must not leave this one',
    },
  ];
}

function ageFaults(asset: Asset): Finding[] {
  return tooOld(asset, copiesOf(asset), '');
}

function ageWarnings(asset: Asset, place: Place): Finding[] {
  if (ageFaults(asset).length > 0) return [];
  const outside = copiesOf(asset).filter(({ location }) => isOutside(location, place));
  return outside.length === 0 ? [] : tooOld(asset, outside, ' once its region and account are lost');
}

function tooOld(asset: Asset, copies: readonly Protection[], when: string): Finding[] {
  const rpo = asset.props.objectives?.rpo;
  if (rpo === undefined || copies.length === 0) return [];
  const youngest = copies
    .flatMap((protection) => recoveryPoint(protection) ?? [])
    .reduce<Duration | undefined>((a, b) => (a === undefined || a.isLongerThan(b) ? b : a), undefined);
  if (youngest !== undefined && !youngest.isLongerThan(rpo)) return [];
  const age = youngest === undefined ? 'nobody promises how old it is' : `it may be ${youngest.human()} old`;
  return [
    {
      rule: when === '' ? 'aws/rpo' : 'aws/rpo-elsewhere',
      message: `objectives.rpo of ${asset.props.id} is ${rpo.human()}, and of its newest copy${when} ${age}`,
      fix: 'copy it more often, or state the objective that holds',
    },
  ];
}
