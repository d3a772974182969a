import type { IConstruct } from 'constructs';
import { addCheck, environmentOf, type Finding } from '../core';
import type { AssetProps, Drill, EscrowFact, Protection, Watch } from './facts';

/** An asset as declared: a handle for whoever protects, drills or watches it. */
export class Asset {
  readonly #protections: Protection[] = [];
  readonly #drills: Drill[] = [];
  readonly #watches: Watch[] = [];

  constructor(
    /** Path of the construct that declared it. */
    readonly path: string,
    readonly environment: string,
    readonly props: AssetProps,
  ) {}

  get protections(): readonly Protection[] {
    return [...this.#protections];
  }
  get drills(): readonly Drill[] {
    return [...this.#drills];
  }
  get watches(): readonly Watch[] {
    return [...this.#watches];
  }

  /** @internal facts enter by `Recovery.of(scope)` */
  add(fact: { protection?: Protection; drill?: Drill; watch?: Watch }): void {
    if (fact.protection) this.#protections.push(fact.protection);
    if (fact.drill) this.#drills.push(fact.drill);
    if (fact.watch) this.#watches.push(fact.watch);
  }
}

/** Assets of one tree in order of declaration, and the first of each environment and id. */
class Assets {
  readonly all: Asset[] = [];
  readonly #first = new Map<string, Asset>();

  add(asset: Asset): void {
    this.all.push(asset);
    const key = keyOf(asset);
    if (!this.#first.has(key)) this.#first.set(key, asset);
  }

  /** The one that declared this asset's id before any other did. */
  firstLike(asset: Asset): Asset | undefined {
    return this.#first.get(keyOf(asset));
  }
}

function keyOf({ environment, props }: Asset): string {
  return JSON.stringify([environment, props.id]);
}

/** An escrow as declared. */
export interface DeclaredEscrow extends EscrowFact {
  readonly path: string;
  readonly environment: string;
}

/** Files of one environment beside the report, by name below `recovery/<environment>/`. */
export type FilesWriter = () => Readonly<Record<string, string>>;

const writersOfTree = new WeakMap<IConstruct, { environment: string; files: FilesWriter }[]>();
const escrowsOfTree = new WeakMap<IConstruct, DeclaredEscrow[]>();
const assetsOfTree = new WeakMap<IConstruct, Assets>();

/**
 * Where constructs report facts. Nothing is said twice: the report, RPO and
 * RTO, and whatever is generated, are derived from these kinds of fact.
 */
export class Recovery {
  static of(scope: IConstruct): Recovery {
    return new Recovery(scope);
  }

  private constructor(private readonly scope: IConstruct) {}

  /** Declares that this construct owns state. */
  asset(props: AssetProps): Asset {
    const environment = environmentOf(this.scope);
    const asset = new Asset(this.scope.node.path, environment, props);
    const assets = assetsBelow(this.scope);
    assets.add(asset);
    addCheck(this.scope, () => duplicates(asset, assets));
    return asset;
  }

  /** Declares that this construct copies the asset's state to a place that survives. */
  protects(asset: Asset, protection: Protection): void {
    asset.add({ protection });
  }

  /** Declares that this construct rehearses the asset's recovery. */
  drills(asset: Asset, drill: Drill): void {
    asset.add({ drill });
  }

  /** Declares that an alert watches the asset. */
  watches(asset: Asset, watch: Watch): void {
    asset.add({ watch });
  }

  /** Declares that these secrets are kept where the recipients can open them. */
  escrows(fact: EscrowFact): void {
    const { root, path } = this.scope.node;
    const known = escrowsOfTree.get(root) ?? [];
    known.push({ ...fact, path, environment: environmentOf(this.scope) });
    escrowsOfTree.set(root, known);
  }

  /** Declares files that follow from facts. The writer runs at synth, after the whole tree stands and is without faults. */
  writes(files: FilesWriter): void {
    const { root } = this.scope.node;
    const known = writersOfTree.get(root) ?? [];
    known.push({ environment: environmentOf(this.scope), files });
    writersOfTree.set(root, known);
  }

  /** What constructs of an environment write, in order of declaration. */
  static writers(scope: IConstruct, environment: string): readonly FilesWriter[] {
    const known = writersOfTree.get(scope.node.root) ?? [];
    return known.filter((one) => one.environment === environment).map(({ files }) => files);
  }

  /** Every escrow declared anywhere in this construct's tree, in order of declaration. */
  static escrows(scope: IConstruct): readonly DeclaredEscrow[] {
    return [...(escrowsOfTree.get(scope.node.root) ?? [])];
  }

  /** Every asset declared anywhere in this construct's tree, in order of declaration. */
  static assets(scope: IConstruct): readonly Asset[] {
    return [...assetsBelow(scope).all];
  }
}

function assetsBelow(scope: IConstruct): Assets {
  const root = scope.node.root;
  const known = assetsOfTree.get(root);
  if (known) return known;
  const fresh = new Assets();
  assetsOfTree.set(root, fresh);
  return fresh;
}

function duplicates(asset: Asset, assets: Assets): Finding[] {
  const first = assets.firstLike(asset);
  if (first === undefined || first === asset) return [];
  return [
    {
      rule: 'recovery/duplicate-asset',
      message: `asset id "${asset.props.id}" is already declared by ${first.path}`,
      fix: 'give every asset of an environment an id of its own',
    },
  ];
}
