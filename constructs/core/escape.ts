/** How cdktf marks a value that it resolves at synth, inside a string. */
const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

/**
 * Text that Terraform must hand on as it stands: a script, a query, a configuration file.
 *
 * Terraform reads `${…}` and `%{…}` in every string of its JSON as a template, and cdktf does not
 * escape them. Here they become `$${` and `%%{`, which Terraform turns back. cdktf's own tokens
 * are left alone, so `literal(`host = ${service.name}`)` still resolves.
 *
 * Apply it once, where the text enters a resource: it is not idempotent and cannot be, for
 * `$${PGDATA}` is a legitimate text (a shell's process id before a brace) and comes out of
 * Terraform unchanged only if it is escaped again.
 */
export function literal(text: string): string {
  let escaped = '';
  let from = 0;
  for (const token of text.matchAll(TOKEN)) {
    escaped += escapeBeforeToken(text.slice(from, token.index)) + token[0];
    from = token.index + token[0].length;
  }
  return escaped + escapePlain(text.slice(from));
}

const escaped = new WeakMap<object, Record<string, string>>();

/** `literal` of each text, as the data of a ConfigMap needs it. What is frozen, as scripts that many share, is escaped once. */
export function literals(texts: Readonly<Record<string, string>>): Record<string, string> {
  const known = escaped.get(texts);
  if (known !== undefined) return known;
  const made = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, literal(text)]));
  if (Object.isFrozen(texts)) escaped.set(texts, made);
  return made;
}

function escapePlain(text: string): string {
  return text.replaceAll('${', '$$${').replaceAll('%{', '%%{');
}

/**
 * `$` right before a token would meet the token's own `${` and read as an escape, printing the
 * reference instead of its value. Such dollars are written as a template of their own.
 */
function escapeBeforeToken(text: string): string {
  const dollars = /\$+$/.exec(text)?.[0] ?? '';
  if (dollars === '') return escapePlain(text);
  return `${escapePlain(text.slice(0, -dollars.length))}\${"${dollars}"}`;
}
