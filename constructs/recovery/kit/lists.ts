import { isFields } from './map-block';
import type { KitObject } from './object';
import { RunTime } from './run-time';

/** A key of a Secret and the variables that its value is made of. */
export interface KitSecret {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  /** Key → names of the environment variables; empty where the value is not secret and stands in the kit. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
  /** `variables`, or `cluster`: a Job in the cluster fills the Secret, and the kit leaves its data alone. */
  readonly filledBy: 'variables' | 'cluster';
}

export function secretsOf(objects: readonly KitObject[]): readonly KitSecret[] {
  return objects
    .filter((object) => object.kind === 'Secret' && object.apiVersion === 'v1')
    .map((object) => {
      const data = isFields(object.manifest['data']) ? object.manifest['data'] : {};
      return {
        namespace: object.namespace,
        name: object.name,
        type: String(object.manifest['type'] ?? 'Opaque'),
        keys: Object.fromEntries(
          Object.entries(data).map(([key, value]) => [
            key,
            value instanceof RunTime ? value.variables.map((variable) => `TF_VAR_${variable}`) : [],
          ]),
        ),
        filledBy: Object.keys(data).length === 0 ? 'cluster' : 'variables',
      };
    });
}

/** Every image that an object names, for whoever mirrors them. */
export function imagesOf(objects: readonly KitObject[]): readonly string[] {
  const images = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (isFields(value)) {
      for (const key of Object.keys(value)) {
        const content = value[key];
        if (key === 'image' && (typeof content === 'string' || content instanceof RunTime)) {
          images.add(String(content));
        } else visit(content);
      }
    }
  };
  for (const object of objects) if (isFields(object.manifest['spec'])) visit(object.manifest['spec']);
  return [...images].sort();
}
