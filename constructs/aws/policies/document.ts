import { literal } from '../../core';

/** One statement of a policy, in IAM's own words. Lists throughout, so that two statements compare. */
export interface Statement {
  /** Unique in its document; letters and digits. */
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  /** Of policies on a resource, and of a role's trust. */
  readonly Principal?: '*' | Principal;
  readonly Action: readonly string[];
  /** Absent in a role's trust. */
  readonly Resource?: readonly string[];
  /** Operator → key → values. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Who a statement of a resource's policy is about. */
export interface Principal {
  readonly AWS?: readonly string[];
  readonly Service?: readonly string[];
  readonly Federated?: readonly string[];
}

/** What an identity may do, or what may be done to a resource. Plain data: made by functions, tested by evaluating it. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** A document of what is there: parts that do not apply are left out as `undefined` or by an empty list. */
export function policyDocument(
  ...statements: readonly (Statement | undefined | readonly Statement[])[]
): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements.flatMap((one) => one ?? []) };
}

/** For an argument of Terraform: its templates in it are text. */
export function policyJson(document: PolicyDocument): string {
  return literal(JSON.stringify(document));
}
