import type { Container, Volume } from './pod';

/** A JSON object as Kubernetes' API spells it. */
export type KubernetesObject = Readonly<Record<string, unknown>>;

/** The names of lists are singular in the provider's resources and plural in the API. */
const PLURALS: Readonly<Record<string, string>> = { port: 'ports', volumeMount: 'volumeMounts' };

/** A container as the API spells it: for Helm values and manifests, where no provider translates. */
export function kubernetesContainer(container: Container): KubernetesObject {
  return Object.fromEntries(Object.entries(container).map(([key, value]) => [PLURALS[key] ?? key, value]));
}

/** A volume as the API spells it: modes are numbers, `projected` and its sources single objects. */
export function kubernetesVolume(volume: Volume): KubernetesObject {
  const { configMap, projected, secret, ...rest } = volume;
  const [first] = projected ?? [];
  return {
    ...rest,
    ...(configMap === undefined ? {} : { configMap: withMode(configMap) }),
    ...(secret === undefined ? {} : { secret: withMode(secret) }),
    ...(first === undefined
      ? {}
      : {
          projected: {
            ...withMode(first),
            sources: first.sources.map(({ secret: [one] = [] }) => ({ secret: one })),
          },
        }),
  };
}

function withMode<T extends { readonly defaultMode?: string }>({ defaultMode, ...rest }: T) {
  return { ...rest, ...(defaultMode === undefined ? {} : { defaultMode: Number.parseInt(defaultMode, 8) }) };
}
