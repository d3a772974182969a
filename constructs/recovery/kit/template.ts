/**
 * Terraform reads every string of its JSON as a template: `${…}` is an
 * expression, `%{…}` a directive, and `$${` and `%%{` are how the two are
 * written literally. This is that grammar, as Terraform 1.11 reads it.
 */
export type TemplatePart = string | { readonly expression: string } | { readonly directive: string };

/** A fast way out for the great majority of strings, which hold no template. */
export function isTemplate(text: string): boolean {
  return text.includes('${') || text.includes('%{');
}

export function parseTemplate(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    const next = nextMark(text, at);
    if (next < 0) break;
    literal += text.slice(at, next);
    const mark = text.charAt(next);
    if (text.startsWith(`${mark}${mark}{`, next)) {
      literal += `${mark}{`;
      at = next + 3;
    } else if (text.charAt(next + 1) === '{') {
      const end = closingBrace(text, next + 2);
      if (literal !== '') parts.push(literal);
      literal = '';
      const body = text.slice(next + 2, end).trim();
      parts.push(mark === '$' ? { expression: body } : { directive: body });
      at = end + 1;
    } else {
      literal += mark;
      at = next + 1;
    }
  }
  literal += text.slice(at);
  if (literal !== '' || parts.length === 0) parts.push(literal);
  return parts;
}

function nextMark(text: string, from: number): number {
  const dollar = text.indexOf('$', from);
  const percent = text.indexOf('%', from);
  if (dollar < 0) return percent;
  return percent < 0 ? dollar : Math.min(dollar, percent);
}

/** Index of the brace that closes an expression; strings inside it may hold braces. */
function closingBrace(text: string, from: number): number {
  let depth = 1;
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at);
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === '{') depth++;
    else if (!quoted && character === '}' && --depth === 0) return at;
  }
  return text.length;
}

/** One step of a reference: `.name`, `["name"]`, `[0]` or `.0`. */
export type Step = string | number;

const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_-]*/u;

/** `a.b[0]["c"]` as steps, or nothing where the expression is more than a reference. */
export function parseReference(expression: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = expression;
  while (rest !== '') {
    const match =
      steps.length === 0
        ? IDENTIFIER.exec(rest)
        : (/^\.(?:(\d+)|([\p{L}_][\p{L}\p{N}_-]*))/u.exec(rest) ??
          /^\[(?:(\d+)|("(?:[^"\\]|\\.)*"))\]/.exec(rest));
    if (match === null) return undefined;
    const [whole, index, name] = match;
    if (index !== undefined) steps.push(Number(index));
    else if (name === undefined) steps.push(whole);
    else steps.push(name.startsWith('"') ? unquote(name) : name);
    rest = rest.slice(whole.length);
  }
  return steps.length === 0 ? undefined : steps;
}

function unquote(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text.slice(1, -1);
  }
}
