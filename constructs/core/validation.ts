import type { IConstruct } from 'constructs';

/** One thing that is wrong with a declaration, and what to do about it. */
export interface Fault {
  /** Identifier of the rule that was broken, kebab-case: `postgres/duplicate-stanza`. */
  readonly rule: string;
  /** Path of the construct in the tree: `production-platform/orders`. */
  readonly path: string;
  /** What is wrong: property, value, and what was expected. */
  readonly message: string;
  /** What to change. */
  readonly fix: string;
}

/** A fault before its path is known: the construct that reports it supplies that. */
export type Finding = Omit<Fault, 'path'>;

type Check = () => readonly Finding[];

const checks = new WeakMap<IConstruct, Check[]>();
const cautions = new WeakMap<IConstruct, Check[]>();

/**
 * Attaches a check to a construct. It runs at synthesis, after the whole tree
 * stands, so it may look at siblings; it must return every fault it can see.
 *
 * Checks are also registered with the framework: an application that never
 * heard of `collectFaults` is refused by the framework's own validation.
 */
export function addCheck(scope: IConstruct, check: Check): void {
  const known = checks.get(scope) ?? [];
  known.push(check);
  checks.set(scope, known);
  scope.node.addValidation({ validate: () => run(scope, check).map(formatFault) });
}

/**
 * Attaches a check whose findings are told, and keep nothing from being written: what works, and may not be what
 * was meant. It runs when a fault's check does.
 */
export function addWarning(scope: IConstruct, check: Check): void {
  const known = cautions.get(scope) ?? [];
  known.push(check);
  cautions.set(scope, known);
}

/** Every warning of every construct below `root`. */
export function collectWarnings(root: IConstruct): Fault[] {
  return root.node
    .findAll()
    .flatMap((scope) => (cautions.get(scope) ?? []).flatMap((check) => run(scope, check)));
}

/** For people: what many constructs are warned of alike is told once. Empty when there is none. */
export function formatWarnings(warnings: readonly Fault[]): string {
  const alike = new Map<string, Fault[]>();
  for (const warning of warnings) {
    const key = JSON.stringify([warning.rule, warning.message]);
    alike.set(key, [...(alike.get(key) ?? []), warning]);
  }
  const lines = [...alike.values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [
          `  - ${formatFault({ ...first, path: `${first.path}${others.length === 0 ? '' : ` and ${others.length} more`}` })}`,
        ],
  );
  if (lines.length === 0) return '';
  return `${lines.length === 1 ? '1 warning' : `${lines.length} warnings`}:\n${lines.join('\n')}`;
}

/**
 * Every fault of every construct below `root`. The framework itself stops at
 * the first stack that has one, which costs a run per mistake.
 */
export function collectFaults(root: IConstruct): Fault[] {
  return root.node.findAll().flatMap((scope) => {
    const own = (checks.get(scope) ?? []).flatMap((check) => run(scope, check));
    const formatted = new Set(own.map(formatFault));
    const foreign = scope.node
      .validate()
      .filter((message) => !formatted.has(message))
      .map((message) => ({
        rule: 'framework',
        path: scope.node.path,
        message,
        fix: 'see the message of the construct that reports it',
      }));
    return [...own, ...foreign];
  });
}

/** A check that throws is a fault of its own, never a crash that hides the others. */
function run(scope: IConstruct, check: Check): Fault[] {
  const path = scope.node.path;
  try {
    return check().map((finding) => ({ ...finding, path }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [
      {
        rule: 'check-failed',
        path,
        message: `a check could not run: ${reason}`,
        fix: 'report this as a defect of the check, with the declaration that caused it',
      },
    ];
  }
}

/** `production-platform/orders: retention.full is -1 … [postgres/retention]\n  fix: …` */
export function formatFault(fault: Fault): string {
  return `${fault.path}: ${fault.message} [${fault.rule}]\n    fix: ${fault.fix}`;
}

/** Thrown once, carrying all faults of an application; its message lists them all. */
export class FaultsError extends Error {
  constructor(readonly faults: readonly Fault[]) {
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
    super(`${count}, nothing was written:\n${faults.map((fault) => `  - ${formatFault(fault)}`).join('\n')}`);
    this.name = 'FaultsError';
  }
}
