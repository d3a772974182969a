import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { REPOSITORY, Repository } from './repository';

/** Files of a repository that are damaged: nothing that was archived is lost, and what is left aside is told. */
let repository: Repository;

beforeAll(async () => {
  repository = await Repository.open('repository-damage');
}, 3_600_000);

afterAll(() => repository?.site.close(), 120_000);

const DAMAGES: Record<string, (file: Buffer) => Buffer> = {
  'bit-flipped': (file) => {
    const middle = file.length >> 1;
    file.writeUInt8(file.readUInt8(middle) ^ 1, middle);
    return file;
  },
  truncated: (file) => file.subarray(0, file.length >> 1),
};

test.each(Object.entries(DAMAGES))(
  'a file of the newest backup is %s: an older backup and its WAL bring every row back',
  async (name, damage) => {
    await repository.write();
    await repository.backUp(name);
    await repository.write();
    const store = repository.deployersStore();
    const { client, target } = store;
    const bundles = (await store.keys(`${REPOSITORY}backup/orders/`)).filter((key) =>
      key.includes('/bundle/'),
    );
    const Key = bundles.sort().at(-1) ?? '';
    const { Body } = await client.send(new GetObjectCommand({ ...target, Key }));
    const file = Buffer.from((await Body?.transformToByteArray()) ?? []);
    expect(file.length).toBeGreaterThan(1000);
    await client.send(new PutObjectCommand({ ...target, Key, Body: damage(file) }));
    await repository.site.lose();
    expect(await repository.recovered()).toMatch(/WARNING backup \S+ of repo1 is damaged and left aside/);
  },
);
