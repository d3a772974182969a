import { timingSafeEqual } from 'node:crypto';
import type { Kubectl } from '../deploy/kubectl';

/** A value in the running cluster. */
export interface Held {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
  readonly value: Buffer;
}

/** Every value of every Secret in these namespaces. */
export async function readSecrets(kubectl: Kubectl, namespaces: readonly string[]): Promise<Held[]> {
  const held: Held[] = [];
  for (const namespace of namespaces) {
    const { items } = await kubectl.json<{
      items: { metadata: { name: string }; data?: Record<string, string> }[];
    }>(['get', 'secrets', `--namespace=${namespace}`]);
    for (const { data = {}, metadata } of items) {
      for (const [key, value] of Object.entries(data))
        held.push({ namespace, name: metadata.name, key, value: Buffer.from(value, 'base64') });
    }
  }
  return held;
}

export function findHolders(held: readonly Held[], value: Buffer): Held[] {
  return held.filter((one) => one.value.length === value.length && timingSafeEqual(one.value, value));
}
