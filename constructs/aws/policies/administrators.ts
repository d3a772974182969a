import type { Finding } from '../../core';
import { matchesPattern } from './arn';

/**
 * Patterns of those who may undo a protection: some, in an account that is named, and none of those from whom
 * it is to protect.
 */
export function administratorFaults(
  administrators: readonly string[],
  environmentRoles: readonly string[] = [],
): Finding[] {
  if (administrators.length === 0)
    return [
      {
        rule: 'aws/administrators',
        message: 'administrators is empty: nobody but the account’s root could ever change its settings',
        fix: 'give the ARN of the role that applies this stack, and of one to be used in an emergency',
      },
    ];
  return [
    ...administrators.filter((pattern) => !isPrincipal(pattern)).map(notOne),
    ...environmentRoles.flatMap((role) =>
      administrators
        .filter((pattern) => isPrincipal(pattern) && matchesPattern(role, pattern))
        .map((pattern) => ({
          rule: 'aws/environment-administers',
          message: `administrators has "${pattern}", which is the environment's own role ${role}: it could destroy what it is kept from`,
          fix: 'give administrators a role of their own, which no pod and no pipeline of the environment has',
        })),
    ),
  ];
}

/** A role or user of one account; anything in its path or name, but not everything. */
function isPrincipal(pattern: string): boolean {
  return (
    pattern.includes('${') ||
    (/^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/.+$/.test(pattern) && !/:(role|user)\/[*?]+$/.test(pattern))
  );
}

function notOne(pattern: string): Finding {
  return {
    rule: 'aws/administrators',
    message: `administrators has "${pattern}", which is no role or user of one account, or is all of them`,
    fix: 'write arn:aws:iam::<account>:role/<name>; * and ? may stand in its path and name, after something of its own',
  };
}
