import type { Category, Priority, Severity } from '../definition';

/** Which alerts a route takes: all that is given must hold. */
export interface Match {
  readonly severity?: Severity | readonly Severity[];
  readonly priority?: Priority | readonly Priority[];
  readonly category?: Category | readonly Category[];
  readonly responsible?: string | readonly string[];
  /** Any other, in Alertmanager's notation: `database="orders"`, `namespace=~"shop|billing"`. */
  readonly matchers?: readonly string[];
}

export interface Matcher {
  readonly name: string;
  readonly matchType: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** The matchers of a route; those that cannot be read are left out. */
export function matchersOf({ matchers = [], ...labels }: Match): Matcher[] {
  return [
    ...Object.entries(labels).flatMap(([name, wanted]): Matcher[] => {
      const values: string[] = wanted === undefined ? [] : [wanted].flat();
      if (values.length === 0) return [];
      return values.length === 1
        ? [{ name, matchType: '=', value: values[0] ?? '' }]
        : [{ name, matchType: '=~', value: values.map(escaped).join('|') }];
    }),
    ...matchers.flatMap((text) => parseMatcher(text) ?? []),
  ];
}

/** `name="value"`, or `undefined`. */
export function parseMatcher(text: string): Matcher | undefined {
  const [, name, matchType, quoted] =
    /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*")\s*$/.exec(text) ?? [];
  if (name === undefined || matchType === undefined || quoted === undefined) return undefined;
  const value = unquoted(quoted);
  if (value === undefined || (matchType.endsWith('~') && !isRe2(value))) return undefined;
  return { name, matchType: matchType as Matcher['matchType'], value };
}

/** In `alertmanager.yml`. */
export function writeMatcher({ matchType, name, value }: Matcher): string {
  return `${name}${matchType}${JSON.stringify(value)}`;
}

function unquoted(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}

/** What JavaScript reads and Go does not: looking around, and what was matched before. */
function isRe2(text: string): boolean {
  try {
    new RegExp(`^(?:${text})$`);
    return !/\(\?<?[=!]|\\[1-9]/.test(text);
  } catch {
    return false;
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
