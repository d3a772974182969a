import type { Item } from './item';
import type { KitFile } from './kit';
import type { KitObject } from './object';
import { objectLine, planLine, waitLine } from './plan';
import { releaseFiles } from './release-files';
import type { Wait } from './wait';
import { yamlFile } from './yaml';

/** A layer as files, and as lines of the plan. */
export interface LayerFiles {
  readonly files: readonly KitFile[];
  readonly plan: readonly string[];
}

const DEFINITION = 'CustomResourceDefinition';
/**
 * Waited for as soon as something depends on them by name. A StatefulSet is
 * not: a database restores while the rest of its layer starts.
 */
const WAITED_INSIDE: ReadonlySet<string> = new Set(['Deployment', 'DaemonSet', 'Job', DEFINITION]);

/** @param last nothing that it is needed for comes after it: its waits are made only when they are asked for */
export function layerFiles(folder: string, items: readonly Item[], last: boolean): LayerFiles {
  const files: KitFile[] = [];
  const plan: string[] = [];
  const waits = new Waits(plan);
  const width = Math.max(2, String(items.length).length);
  for (const [index, item] of items.entries()) {
    const { object, release, address } = item;
    if (object?.kind !== DEFINITION) waits.settleDefinitions();
    // Few depend on anything by name, and a layer may wait for thousands.
    if (item.dependsOn.size > 0) {
      waits.settle((kind, pending) => WAITED_INSIDE.has(kind) && item.dependsOn.has(pending));
    }
    const number = String(index + 1).padStart(width, '0');
    if (release !== undefined) {
      const path = `${folder}/${number}-release-${release.namespace}-${release.name}`;
      files.push(...releaseFiles(path, release));
      plan.push(planLine('release', path, release.namespace, release.name));
    }
    if (object !== undefined) {
      const file = objectFile(`${folder}/${number}`, object);
      files.push(file);
      plan.push(objectLine(file.path, object));
      waits.after(address, object);
    }
  }
  waits.settleDefinitions();
  waits.settle(() => true, last ? 'wait-last' : 'wait');
  return { files, plan };
}

/** A manifest with markers must never be applied by itself: its name keeps kubectl from reading it. */
function objectFile(prefix: string, object: KitObject): KitFile {
  // Names of roles may hold colons, which some file systems refuse.
  const name = object.name.replaceAll(/[^A-Za-z0-9.-]/g, '-');
  const parts = [prefix, object.kind.toLowerCase(), object.namespace, name].filter((part) => part !== '');
  const { content, extension } = yamlFile(object.manifest);
  return { path: `${parts.join('-')}${extension}`, content };
}

/** What has been applied and not been waited for yet. */
class Waits {
  private readonly pending = new Map<string, Wait>();
  private hasDefinitions = false;

  constructor(private readonly plan: string[]) {}

  after(address: string, object: KitObject): void {
    const { kind, name } = object;
    for (const { when, wait } of object.waits) {
      if (when === 'now') this.plan.push(waitLine('wait', wait));
      else this.pending.set(address, wait);
    }
    if (kind === DEFINITION) {
      this.pending.set(address, { kind, namespace: '', name, timeout: 0, for: 'established' });
      this.hasDefinitions = true;
    }
  }

  settleDefinitions(): void {
    if (!this.hasDefinitions) return;
    this.settle((kind) => kind === DEFINITION);
    this.hasDefinitions = false;
  }

  settle(choose: (kind: string, address: string) => boolean, word: 'wait' | 'wait-last' = 'wait'): void {
    for (const [address, wait] of this.pending) {
      if (!choose(wait.kind, address)) continue;
      this.plan.push(waitLine(word, wait));
      this.pending.delete(address);
    }
  }
}
