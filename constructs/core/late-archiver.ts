import { dirname } from 'node:path';

/**
 * cdktf requires `archiver` at once, which takes nearly half of the time that it needs to load, and then zips its assets in a
 * process of their own. What stands in its place in the cache of modules loads it for whoever does use it. Imported before
 * cdktf; where that was loaded already, or modules are cached elsewhere (as in jest), nothing changes.
 */
type Archiver = (...args: unknown[]) => unknown;

function postpone(): void {
  const file = find();
  if (file === undefined || require.cache[file] !== undefined) return;
  const stand = Object.assign(Object.create(Object.getPrototypeOf(module)), {
    id: file,
    filename: file,
    loaded: true,
    children: [],
    paths: [],
  }) as NodeJS.Module;
  const real = (): Archiver => {
    if (require.cache[file] === stand) delete require.cache[file];
    return require(file) as Archiver;
  };
  stand.exports = new Proxy((() => undefined) as Archiver, {
    apply: (_, self, args) => Reflect.apply(real(), self, args),
    get: (_, name) => Reflect.get(real(), name),
    has: (_, name) => Reflect.has(real(), name),
    set: (_, name, value) => Reflect.set(real(), name, value),
  });
  // False where it may not be written to.
  Reflect.set(require.cache, file, stand);
}

function find(): string | undefined {
  try {
    return require.resolve('archiver', { paths: [dirname(require.resolve('cdktf'))] });
  } catch {
    return undefined;
  }
}

postpone();
