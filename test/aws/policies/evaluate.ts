import { type EvaluationResult, runSimulation } from '@cloud-copilot/iam-simulate';
import type { PolicyDocument, Statement } from '../../../constructs/aws/policies';

/** One request, and what is to become of it. */
export interface Row {
  /** What it is about, in words. */
  readonly what: string;
  readonly expect: 'allowed' | 'denied';
  readonly action: string;
  readonly resource: string;
  /** Values of condition keys; TLS and the region of `home` are there unless they are given. */
  readonly context?: Readonly<Record<string, string | string[]>>;
  /** Who asks. @default the role of the environment */
  readonly principal?: string;
  /** Account that owns the resource. @default that of the principal */
  readonly owner?: string;
}

export interface Policies {
  readonly identity?: PolicyDocument;
  readonly resource?: PolicyDocument;
}

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-3';
export const ENVIRONMENT_ROLE = `arn:aws:iam::${ACCOUNT}:role/production`;

/**
 * As IAM decides it: by the simulator, which also refuses actions and resources that do not exist. A key that does not
 * apply to the request is a mistake of the row.
 */
export async function decide(row: Row, policies: Policies): Promise<EvaluationResult> {
  const { identity, resource } = simulated(policies);
  const principal = row.principal ?? ENVIRONMENT_ROLE;
  const account = /^arn:aws:iam::(\d+):/.exec(principal)?.[1] ?? ACCOUNT;
  // A key's policy has to agree; the one that Amazon gives to a new key leaves it to the account's identities.
  const resourcePolicy = row.action.startsWith('kms:') ? keyPolicy(account) : resource;
  const result = await runSimulation(
    {
      request: {
        principal,
        action: row.action,
        resource: { resource: row.resource, accountId: row.owner ?? account },
        contextVariables: {
          'aws:SecureTransport': 'true',
          'aws:RequestedRegion': REGION,
          'aws:PrincipalArn': principal,
          ...simulated(row.context ?? {}),
        },
      },
      identityPolicies: identity === undefined ? [] : [{ name: 'identity', policy: identity }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
    },
    {},
  );
  if (result.resultType === 'error')
    throw new Error(`${row.what}: the simulator refused it: ${JSON.stringify(result.errors)}`);
  const ignored =
    result.resultType === 'single' ? result.result.ignoredContextKeys : result.results[0]?.ignoredContextKeys;
  if (ignored !== undefined && ignored.length > 0)
    throw new Error(`${row.what}: ${row.action} knows no ${ignored.join(', ')}`);
  return result.overallResult;
}

/**
 * The simulator (0.1.173) drops keys that others make up: kms:EncryptionContext:* of KMS, and claims of an OIDC provider.
 * Another key of text stands for them.
 */
function simulated<T>(value: T): T {
  const text = JSON.stringify(value)
    .replaceAll('kms:EncryptionContext:aws:s3:arn', 'aws:PrincipalTag/encryption-context')
    .replaceAll(/"oidc\.eks\.[^"]*:(sub|aud)"/g, '"aws:PrincipalTag/$1"');
  return JSON.parse(text) as T;
}

function keyPolicy(account: string): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Identities',
        Effect: 'Allow',
        Principal: { AWS: [`arn:aws:iam::${account}:root`] },
        Action: ['kms:*'],
        Resource: ['*'],
      },
    ],
  };
}

async function holds(row: Row, policies: Policies): Promise<boolean> {
  return ((await decide(row, policies)) === 'Allowed') === (row.expect === 'allowed');
}

/** Evaluates each row. */
export function describeRows(name: string, policies: Policies, rows: readonly Row[]): void {
  describe(name, () => {
    test.each(rows)('$what: $expect', async (row) => {
      expect(await decide(row, policies)).toEqual(
        row.expect === 'allowed' ? 'Allowed' : expect.stringMatching(/^(Implicitly|Explicitly)Denied$/),
      );
    });
  });
}

/**
 * Evaluates each row, then every way in which the policy under test can be got wrong by leaving something out: a
 * statement, an action, a resource, a condition. Each has to change the outcome of a row: else the table, or the policy,
 * has something in it that nobody needs.
 */
export function describePolicy(
  name: string,
  of: 'identity' | 'resource',
  policies: Policies,
  rows: readonly Row[],
): void {
  describe(name, () => {
    describeRows('as it is', policies, rows);
    const document = policies[of];
    if (document === undefined) throw new Error(`there is no ${of} policy to test`);
    test.each(mutants(document))('it is noticed when there is no $without', async ({ document: mutant }) => {
      const survived: boolean[] = [];
      for (const row of rows) survived.push(await holds(row, { ...policies, [of]: mutant }));
      expect(survived).toContain(false);
    });
  });
}

interface Mutant {
  readonly without: string;
  readonly document: PolicyDocument;
}

/** The document, each time without one thing. */
export function mutants(document: PolicyDocument): Mutant[] {
  return document.Statement.flatMap((statement, index) => {
    const others = document.Statement.filter((_, at) => at !== index);
    const instead = (without: string, mutant?: Statement): Mutant => ({
      without: `${statement.Sid}${without}`,
      document: { ...document, Statement: mutant === undefined ? others : [...others, mutant] },
    });
    return [
      instead(''),
      ...lessOf(statement.Action).map(([gone, Action]) => instead(`'s ${gone}`, { ...statement, Action })),
      ...lessOf(statement.Resource ?? []).map(([gone, Resource]) =>
        instead(`'s ${gone}`, { ...statement, Resource }),
      ),
      ...Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
        Object.entries(keys).flatMap(([key, values]) => [
          instead(`'s condition on ${key}`, withKeys(statement, operator, without(keys, key))),
          ...lessOf(typeof values === 'string' ? [] : values).map(([gone, fewer]) =>
            instead(`'s ${key} ${gone}`, withKeys(statement, operator, { ...keys, [key]: fewer })),
          ),
        ]),
      ),
    ];
  });
}

function withKeys(statement: Statement, operator: string, keys: Record<string, string | readonly string[]>) {
  const { Condition, ...bare } = statement;
  const conditions = { ...Condition, [operator]: keys };
  const left = Object.entries(conditions).filter(([, one]) => Object.keys(one).length > 0);
  return left.length === 0 ? bare : { ...bare, Condition: Object.fromEntries(left) };
}

function without<T>(from: Readonly<Record<string, T>>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(from).filter(([one]) => one !== key));
}

/** Lists that lack one element, none for a list that would be empty. */
function lessOf(list: readonly string[]): [gone: string, rest: string[]][] {
  if (list.length < 2) return [];
  return list.map((gone, index) => [gone, list.filter((_, at) => at !== index)]);
}
