import { run } from '../processes/run';
import { type BinaryName, moduleDirectory } from './catalogue';

/**
 * The folder of a module that a program is made of, in the version that its go.mod pins: manifests and charts lie beside
 * the code. Go's own cache keeps it; it is fetched when it is not there. Nobody may write into it.
 * @param dependency path of the module
 */
export async function dependencyDirectory(name: BinaryName, dependency: string): Promise<string> {
  const said = await run('go', ['mod', 'download', '-json', dependency], {
    directory: moduleDirectory(name),
    environment: { ...process.env, GOWORK: 'off' },
  });
  return (JSON.parse(said) as { readonly Dir: string }).Dir;
}
