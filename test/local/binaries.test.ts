import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BINARIES, binaryDefinition, moduleDirectory, USUAL_BINARIES } from '../../local/binaries/catalogue';
import { imageDefinition } from '../../local/images/catalogue';

describe('programs', () => {
  test.each(BINARIES.map(({ name }) => name))('%s is built from a module whose pins name it', (name) => {
    const module = moduleDirectory(name);
    const { package: path, version } = binaryDefinition(name);
    const pins = readFileSync(join(module, 'go.mod'), 'utf8');
    if (path === undefined || path.startsWith('.'))
      expect(existsSync(join(module, path ?? '.', 'main.go'))).toBe(true);
    else expect(pins).toMatch(new RegExp(`^(tool |\t)${path}$`, 'm'));
    expect(version).toMatch(/^\d+(\.\d+)*$/);
  });

  test('amtool is of the release of Alertmanager that the cluster runs', () => {
    expect(binaryDefinition('amtool').version).toMatch(
      new RegExp(`^${imageDefinition('alertmanager').version}[.]`),
    );
  });

  test('what tests and monitoring need is not built for every cluster', () => {
    expect(USUAL_BINARIES.map(({ name }) => name)).toEqual([
      'pause',
      'kubernetes',
      'coredns',
      'local-path-provisioner',
      'versitygw',
    ]);
  });
});
