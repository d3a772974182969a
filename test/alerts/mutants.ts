import { parser } from '@prometheus-io/lezer-promql';
import type { Rule } from '../../constructs/alerts';

/** A rule that is wrong in one place. */
export interface Mutant {
  /** `> becomes <` */
  readonly what: string;
  readonly rule: Rule;
}

const TURNED: Readonly<Record<string, readonly string[]>> = {
  '>': ['<', '>= 2 *'],
  '>=': ['<'],
  '<': ['>'],
  '<=': ['>'],
  '==': ['!='],
  '!=': ['=='],
  and: ['or', 'unless'],
  or: ['and'],
  unless: ['and'],
};

/** Every rule that differs from this one in a threshold, a comparison, a set operator, a label or a time. */
export function mutants(rule: Rule): Mutant[] {
  const found: Mutant[] = [];
  const replace = (from: number, to: number, text: string): void => {
    const expr = `${rule.expr.slice(0, from)}${text}${rule.expr.slice(to)}`;
    const what = `${rule.expr.slice(Math.max(0, from - 25), to)} becomes ${text === '' ? 'nothing' : text}`;
    found.push({ what, rule: { ...rule, expr } });
  };
  const cursor = parser.parse(rule.expr).cursor();
  do {
    const { from, to, name } = cursor;
    const text = rule.expr.slice(from, to);
    if (name === 'NumberDurationLiteral' || name === 'NumberLiteral') {
      if (cursor.node.parent?.name === 'NumberDurationLiteralInDurationContext') continue;
      // A watchdog fires whatever its value is.
      if (rule.expr === `vector(${text})`) continue;
      const value = Number(text);
      if (Number.isFinite(value))
        for (const other of value === 0 ? [1] : [value * 2, value / 2]) replace(from, to, String(other));
    } else if (text in TURNED && cursor.node.firstChild === null) {
      for (const other of TURNED[text] ?? []) if (!other.includes(' ')) replace(from, to, other);
    } else if (name === 'UnquotedLabelMatcher' || name === 'LabelMatcher') {
      const operator = /=~|!~|!=|=/.exec(text)?.[0] ?? '=';
      const turned = { '=': '!=', '!=': '=', '=~': '!~', '!~': '=~' }[operator] ?? '=';
      replace(from, to, text.replace(operator, turned));
    }
  } while (cursor.next());
  const seconds = inSeconds(rule.for);
  found.push({
    what: `for ${rule.for} becomes ${seconds * 2 + 120}s`,
    rule: { ...rule, for: `${seconds * 2 + 120}s` },
  });
  if (seconds > 0) found.push({ what: `for ${rule.for} becomes 0s`, rule: { ...rule, for: '0s' } });
  for (const label of ['severity', 'category', 'priority'])
    found.push({
      what: `${label} is another`,
      rule: { ...rule, labels: { ...rule.labels, [label]: 'mutated' } },
    });
  return found;
}

function inSeconds(duration: string): number {
  const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
  const [, amount = '0', unit = 's'] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  return Number(amount) * (units[unit] ?? 1);
}
