import { packages } from '../bindings/packages';
import type { Variables } from './definition';

let engine: ReturnType<typeof createEngine> | undefined;
const compiled = new Map<string, HandlebarsTemplateDelegate>();

/**
 * A text with the values of its subject: `{{name}}`, `{{#if replicas}}…{{/if}}`, `{{add threshold 60}}`,
 * `{{duration threshold}}`.
 * @throws when the template names a value that nobody gave
 */
export function render(template: string, variables: Variables): string {
  let known = compiled.get(template);
  if (known === undefined) {
    engine ??= createEngine();
    known = engine.compile(template, { strict: true, noEscape: true });
    compiled.set(template, known);
  }
  return known(variables);
}

function createEngine() {
  const created = packages.handlebars.create();
  created.registerHelper({
    add: (a: number, b: number) => a + b,
    subtract: (a: number, b: number) => a - b,
    multiply: (a: number, b: number) => a * b,
    divide: (a: number, b: number) => a / b,
    equal: (a: unknown, b: unknown) => String(a) === String(b),
    // How many samples a time takes, one in so many seconds.
    samples: (seconds: number, interval: number) => Math.ceil(seconds / interval),
    percent: (fraction: number) => `${Math.round(fraction * 1000) / 10} %`,
    // Seconds in words: `26 h`, `90 s`.
    duration: (seconds: number) => inWords(seconds),
  });
  return created;
}

function inWords(seconds: number): string {
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
  ] as const)
    if (seconds >= 2 * size || seconds === size) return `${Math.round((seconds / size) * 10) / 10} ${unit}`;
  return `${Math.round(seconds * 10) / 10} s`;
}
