import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import type { EnvironmentStack } from '../../constructs/core';
import { type AssetProps, Recovery } from '../../constructs/recovery';
import { type JsonObject, Template } from '../helpers/template';

export const ACCOUNT = '111122223333';
export const OTHER_ACCOUNT = '444455556666';
export const HERE = { region: 'eu-west-3', account: ACCOUNT };
export const AWAY = { region: 'eu-central-1', account: ACCOUNT };
export const ADMINISTRATORS = [`arn:aws:iam::${ACCOUNT}:role/vault-administrator`];
export const keyIn = (region: string, account = ACCOUNT): string => `arn:aws:kms:${region}:${account}:key/k`;

/** A stack that has a provider of Amazon, as every stack here needs one. */
export const withAws =
  (declare: (stack: EnvironmentStack) => void) =>
  (stack: EnvironmentStack): void => {
    new AwsProvider(stack, 'aws', { region: HERE.region });
    declare(stack);
  };

export function rules(declare: (stack: EnvironmentStack) => void): { faults: string[]; warnings: string[] } {
  return {
    faults: Template.faults(withAws(declare)).map(({ rule }) => rule),
    warnings: Template.warnings(withAws(declare)).map(({ rule }) => rule),
  };
}

/** The one resource of a type. */
export function one(it: Template, type: string): JsonObject {
  const all = [...it.resources(type).values()];
  if (all.length !== 1 || all[0] === undefined) throw new Error(`${all.length} resources ${type}`);
  return all[0];
}

export function all(it: Template, type: string): JsonObject[] {
  return [...it.resources(type).values()];
}

export function declareAsset(stack: EnvironmentStack, props: Partial<AssetProps> = {}) {
  return Recovery.of(stack).asset({
    id: 'orders',
    kind: 'rds',
    criticality: 'critical',
    recoveredBy: 'provider',
    ...props,
  });
}
