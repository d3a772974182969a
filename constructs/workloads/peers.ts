/** Pods by their labels, as a network policy lets them in. */
export interface PodPeers {
  /** Labels of their namespace. @default - any */
  readonly namespace?: Readonly<Record<string, string>>;
  /** Their labels. @default - any */
  readonly pods?: Readonly<Record<string, string>>;
}

/** An entry of `from` or `to`: what is left out lets in all of its kind. */
export function podPeer({ namespace, pods }: PodPeers = {}) {
  const selector = (labels?: Readonly<Record<string, string>>) =>
    labels === undefined ? {} : { matchLabels: { ...labels } };
  return { namespaceSelector: selector(namespace), podSelector: selector(pods) };
}
