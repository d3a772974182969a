import { ADDONS } from '../../local/cluster/addons/catalogue';
import { imageDefinition } from '../../local/images/catalogue';
import { imageName } from '../../local/images/name';

/** Every value under one of these keys, however deep. */
function values(node: unknown, keys: readonly string[]): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => [
    ...(keys.includes(key) ? [value] : []),
    ...values(value, keys),
  ]);
}

describe('monitoring', () => {
  const { images, stages } = ADDONS.monitoring;
  const objects = async () => (await stages(() => undefined)).flatMap((stage) => stage.objects);

  test('runs its own images, which are built for nobody else', async () => {
    const arguments_ = values(await objects(), ['args'])
      .flat()
      .map(String);
    const run = [...values(await objects(), ['image']), ...arguments_.map((text) => text.split('=')[1])];
    for (const name of images) {
      expect(run).toContain(imageName(name));
      expect(imageDefinition(name)).toMatchObject({ onDemand: true, system: false });
    }
    expect(values(await objects(), ['image'])).toHaveLength(4);
  });

  test('no account may do everything, and none but the operator reads Secrets', async () => {
    const roles = (await objects()).filter(({ kind }: { kind?: string }) => kind?.endsWith('Role') === true);
    expect(values(roles, ['verbs', 'resources', 'apiGroups']).flat()).not.toContain('*');
    const readers = roles.filter((role) => values(role, ['resources']).flat().includes('secrets'));
    expect(new Set(readers.flatMap((role) => values(role, ['name'])))).toEqual(
      new Set(['prometheus-operator']),
    );
  });
});

describe('snapshots', () => {
  test('its controller may do what its manifests say, and reads no Secrets', async () => {
    const { images, stages } = ADDONS.snapshots;
    const objects = (await stages(() => undefined)).flatMap((stage) => stage.objects);
    expect(values(objects, ['image'])).toEqual(images.map((name) => imageName(name)));
    const roles = objects.filter((object) => 'rules' in object);
    expect(values(roles, ['verbs', 'resources', 'apiGroups']).flat()).not.toContain('*');
    expect(values(roles, ['resources']).flat()).not.toContain('secrets');
  });
});
