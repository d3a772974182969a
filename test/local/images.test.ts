import { existsSync } from 'node:fs';
import { IMAGES, imageDefinition, imageSources } from '../../local/images/catalogue';
import { sourceLines } from '../../local/images/mirrors';
import { imageName } from '../../local/images/name';

describe('images', () => {
  test.each(IMAGES.map((image) => image.name))('%s has sources, and a name that follows them', (name) => {
    for (const path of imageSources(imageDefinition(name))) expect(existsSync(path)).toBe(true);
    expect(imageName(name)).toMatch(new RegExp(`^docker\\.io/local/${name}:[0-9.]+-[0-9a-f]{12}$`));
    expect(imageName(name)).toBe(imageName(name));
  });

  test('an unknown name is answered with the known ones', () => {
    expect(() => imageDefinition('mysql')).toThrow('postgres');
  });
});

describe("the machine's Debian mirrors", () => {
  test('serve another release from the same place', () => {
    const targets = [
      'http://mirror.example/debian-security/|Debian|Debian-Security|bookworm-security',
      'http://mirror.example/debian/|Debian|Debian|bookworm',
      'http://mirror.example/debian/|Debian|Debian|bookworm-updates',
      'https://packages.example/other/|Other|Other|stable',
    ];
    expect(sourceLines(targets.join('\n'))).toEqual([
      'deb http://mirror.example/debian/ trixie main',
      'deb http://mirror.example/debian/ trixie-updates main',
      'deb http://mirror.example/debian-security/ trixie-security main',
    ]);
  });

  test.each([
    ['another distribution', 'http://mirror.example/ubuntu/|Ubuntu|Ubuntu|noble'],
    ['a disc', 'cdrom://disc/|Debian|Debian|bookworm'],
    ['nothing', ''],
  ])('of %s are no mirrors: mmdebstrap then takes its own', (_, targets) => {
    expect(sourceLines(targets)).toEqual([]);
  });
});
