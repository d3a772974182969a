/** One stack as cdktf synthesises it: `stack.toTerraform()`, or its cdk.tf.json read back. */
export interface KitStack {
  /** Also the name of the layer's folder in the kit. */
  readonly name: string;
  readonly terraform: unknown;
  /**
   * It only watches what the others hold: applied after them, and when it cannot be, they are complete all the same.
   * @default false
   */
  readonly watches?: boolean;
  /** Velero's location and schedules: applied after all that may not wait for its definitions. @default false */
  readonly velero?: boolean;
}

/** How the file `plan` marks a layer that is applied by a run of its own. */
export type Apart = 'velero' | 'watches';

export type Json = Record<string, unknown>;

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asJson(value: unknown): Json {
  return isJson(value) ? value : {};
}

export interface Resource {
  readonly stack: string;
  readonly type: string;
  readonly id: string;
  /** `kubernetes_config_map_v1.scripts` */
  readonly address: string;
  /** Path of the construct. */
  readonly path: string;
  readonly body: Json;
}

/** What the kit reads of a stack, by its address. */
export class StackModel {
  readonly name: string;
  readonly apart: Apart | undefined;
  readonly resources: readonly Resource[];
  readonly variables: Json;
  readonly outputs: Json;
  readonly locals: Json;
  /** Blocks of a stack that have no meaning for a kit and may hold something that has. */
  readonly unknownBlocks: readonly string[];
  private readonly byAddress: ReadonlyMap<string, Resource>;

  constructor(stack: KitStack) {
    this.name = stack.name;
    this.apart = stack.watches === true ? 'watches' : stack.velero === true ? 'velero' : undefined;
    const terraform = asJson(stack.terraform);
    this.variables = asJson(terraform['variable']);
    this.outputs = asJson(terraform['output']);
    this.locals = asJson(terraform['locals']);
    this.unknownBlocks = Object.keys(terraform).filter((block) => !KNOWN_BLOCKS.has(block));
    this.resources = Object.entries(asJson(terraform['resource'])).flatMap(([type, resources]) =>
      Object.entries(asJson(resources)).map(([id, body]) => resourceOf(stack.name, type, id, asJson(body))),
    );
    this.byAddress = new Map(this.resources.map((resource) => [resource.address, resource]));
  }

  resource(address: string): Resource | undefined {
    return this.byAddress.get(address);
  }
}

const KNOWN_BLOCKS: ReadonlySet<string> = new Set([
  '//',
  'terraform',
  'provider',
  'resource',
  'variable',
  'output',
  'locals',
  // Data sources are looked at only where something refers to them.
  'data',
  'moved',
  'import',
  'removed',
  'check',
]);

function resourceOf(stack: string, type: string, id: string, body: Json): Resource {
  const path = asJson(asJson(body['//'])['metadata'])['path'];
  const address = `${type}.${id}`;
  return { stack, type, id, address, path: typeof path === 'string' ? path : `${stack}/${id}`, body };
}
