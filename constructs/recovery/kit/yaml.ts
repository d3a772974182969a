import { RunTime, type RunTimePart } from './run-time';

/**
 * Writes a manifest as YAML. A general library takes seconds for the ten
 * thousand objects of a large platform; manifests need no anchors, no comments
 * and no folding.
 */
export function toYaml(value: object): string {
  return yamlFile(value).content;
}

/** The document, and the ending of its file's name: what `apply` has to fill in first is no manifest yet. */
export function yamlFile(value: object): { readonly content: string; readonly extension: string } {
  const text = `${block(value, '')}\n`;
  return text.includes(OPEN)
    ? { content: revealMarkers(text), extension: '.yaml.template' }
    : { content: text, extension: '.yaml' };
}

/** Opens and closes what `apply` fills in. */
const MARKER = { open: '@{{', close: '}}' } as const;
/** What a text says that looks like a marker and is none. */
const LITERAL_MARKER = `${MARKER.open}open:${MARKER.close}`;

// While a document is written, markers are characters that no text in it holds:
// in texts they are escaped.
const OPEN = '\ue000';
const CLOSE = '\ue001';

function revealMarkers(text: string): string {
  return text
    .replaceAll(MARKER.open, LITERAL_MARKER)
    .replaceAll(OPEN, MARKER.open)
    .replaceAll(CLOSE, MARKER.close);
}

/** A value as a block; `first` stands before its first line, where the first key of a map stands behind a dash. */
function block(value: unknown, indent: string, first = indent): string {
  if (Array.isArray(value)) return list(value, indent, first);
  return isMap(value) ? map(value, indent, first) : scalar(value, indent);
}

function list(items: readonly unknown[], indent: string, first: string): string {
  let text = '';
  for (const item of items) text += `${text === '' ? first : `\n${indent}`}- ${inList(item, indent)}`;
  return text === '' ? '[]' : text;
}

const EMPTY = '{}';

function map(fields: Record<string, unknown>, indent: string, first: string): string {
  let text = '';
  for (const key of Object.keys(fields)) {
    const content = fields[key];
    if (content === undefined) continue;
    text += `${text === '' ? first : `\n${indent}`}${keyText(key)}:${afterKey(content, indent)}`;
  }
  return text === '' ? EMPTY : text;
}

const keyTexts = new Map<string, string>();

/** The same few hundred keys make up every manifest. */
function keyText(key: string): string {
  let text = keyTexts.get(key);
  if (text === undefined) {
    text = inline(key);
    keyTexts.set(key, text);
  }
  return text;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RunTime);
}

function afterKey(value: unknown, indent: string): string {
  if (Array.isArray(value)) return value.length === 0 ? ' []' : `\n${list(value, indent, indent)}`;
  if (!isMap(value)) return ` ${scalar(value, indent)}`;
  const inner = `${indent}  `;
  const text = map(value, inner, inner);
  return text === EMPTY ? ` ${EMPTY}` : `\n${text}`;
}

function inList(value: unknown, indent: string): string {
  return Array.isArray(value) || isMap(value) ? block(value, `${indent}  `, '') : scalar(value, indent);
}

function scalar(value: unknown, indent: string): string {
  if (value instanceof RunTime) return runTime(value);
  if (typeof value === 'string') return literalBlock(value, indent) ?? inline(value);
  return value === null || typeof value === 'boolean' || typeof value === 'number' ? String(value) : 'null';
}

/** Texts that need no quotes in any YAML, of 1.1 or 1.2. */
const PLAIN = /^(?:--?)?[A-Za-z/][A-Za-z0-9/_.-]*(?:[:=@+][A-Za-z0-9/_.-]+)*$/;
const NOT_A_TEXT = /^(?:y|n|yes|no|true|false|on|off|null|nan|inf)$/i;

function inline(text: string): string {
  return PLAIN.test(text) && !NOT_A_TEXT.test(text) ? text : quoted(text);
}

// What YAML does not take literally inside quotes (controls, separators), and the
// two characters that stand for markers here.
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ue000\ue001\ufeff\ufffe\uffff]/g;
// Half of a surrogate pair is no character in any encoding.
const HALF = /\p{Surrogate}/gu;

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

function escaped(text: string): string {
  return JSON.stringify(text.replace(HALF, '\ufffd')).slice(1, -1).replace(UNPRINTABLE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const NOT_LITERAL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a literal block cannot hold.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ue000\ue001\ufeff\ufffe\uffff]|\p{Surrogate}/u;

/** A text of several lines as YAML's `|`, so that a script in a ConfigMap can be read and compared. */
function literalBlock(text: string, indent: string): string | undefined {
  if (!text.includes('\n') || /^[ \t\n]/.test(text) || NOT_LITERAL.test(text)) return undefined;
  const trimmed = text.replace(/\n+$/, '');
  // Blanks at the very end would be taken for indentation.
  if (/^[ \t]*$/.test(trimmed.slice(trimmed.lastIndexOf('\n') + 1))) return undefined;
  const lineBreaks = text.length - trimmed.length;
  const chomping = lineBreaks === 0 ? '-' : lineBreaks === 1 ? '' : '+';
  const inner = `${indent}  `;
  return `|${chomping}\n${inner}${trimmed.replace(/\n(?!\n)/g, `\n${inner}`)}${'\n'.repeat(Math.max(0, lineBreaks - 1))}`;
}

/** `apply` writes the value between the quotes, or bare, that stand here. */
function runTime(value: RunTime): string {
  const variable = value.only;
  if (variable !== undefined && (value.form === 'integer' || value.form === 'boolean')) {
    return `${OPEN}${value.form}:${variable}${CLOSE}`;
  }
  if (value.form === 'base64') {
    const template = value.parts.map(rawPart).join('');
    return `"${OPEN}base64:${Buffer.from(template).toString('base64')}${CLOSE}"`;
  }
  return `"${value.parts.map(textPart).join('')}"`;
}

function textPart(part: RunTimePart): string {
  return typeof part === 'string' ? escaped(part) : `${OPEN}text:${part.variable}${CLOSE}`;
}

/** The template of a Secret's value is filled before it is encoded. */
function rawPart(part: RunTimePart): string {
  return typeof part === 'string'
    ? part.replaceAll(MARKER.open, LITERAL_MARKER)
    : `${MARKER.open}raw:${part.variable}${MARKER.close}`;
}
