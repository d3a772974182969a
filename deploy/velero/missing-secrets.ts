import type { Kubectl } from '../kubectl';

interface PodWithVolumes {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: {
    readonly volumes?: readonly {
      readonly secret?: { readonly secretName: string; readonly optional?: boolean };
    }[];
  };
  readonly status: { readonly phase?: string };
}

/**
 * Secrets that pods of a restore mount and that are not there. Such a pod does not start, and the data of its volumes waits
 * for it, silently, for hours.
 */
export async function missingSecrets(kubectl: Kubectl, restore: string): Promise<string[]> {
  const { items: pods } = await kubectl.json<{ items: PodWithVolumes[] }>([
    'get',
    'pods',
    '--all-namespaces',
    `--selector=velero.io/restore-name=${restore}`,
  ]);
  const wanted = pods
    .filter(({ status }) => status.phase === 'Pending')
    .flatMap(({ metadata, spec }) =>
      (spec.volumes ?? []).flatMap(({ secret }) =>
        secret === undefined || secret.optional === true ? [] : [{ ...metadata, secret: secret.secretName }],
      ),
    );
  const missing: string[] = [];
  for (const { name, namespace, secret } of wanted)
    if ((await kubectl.find('secret', secret, `--namespace=${namespace}`)) === undefined)
      missing.push(
        `${namespace}/${name} waits for the Secret ${secret}, which is not there — FIX: make it; what was in no archive comes from where it came from before`,
      );
  return missing;
}
