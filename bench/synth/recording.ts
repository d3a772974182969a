/** What a synth has emitted, as somebody without this library would have written it: typed resources and their arguments. */
export interface Recording {
  readonly stacks: readonly RecordedStack[];
}

export interface RecordedStack {
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly elements: readonly RecordedElement[];
}

export type RecordedElement = {
  /** Ids from below the stack down to the element: with them it gets the same address. */
  readonly path: readonly string[];
} & (
  | {
      readonly kind: 'typed';
      /** `@cdktf/provider-kubernetes/lib/config-map-v1` */
      readonly module: string;
      /** `ConfigMapV1` */
      readonly name: string;
      readonly config: object;
      readonly overrides: Overrides;
    }
  | { readonly kind: 'output'; readonly config: { readonly value: unknown } }
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly config: object;
      readonly overrides: Overrides;
    }
);

/** What `addOverride` was given, by the first step of its path. */
export type Overrides = Readonly<Record<string, unknown>>;
