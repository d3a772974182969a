import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import {
  findDamage,
  openStore,
  prepareVault,
  revert,
  type S3Store,
  undelete,
} from '../../constructs/object-storage/client';
import { vaultAt } from './stores';
import { findVersitygw, Versitygw } from './versitygw';

const versitygw = findVersitygw();

(versitygw === undefined ? describe.skip : describe)('undelete', () => {
  let server: Versitygw;
  let store: S3Store;
  const erase = (Key: string) => store.client.send(new DeleteObjectCommand({ ...store.target, Key }));
  const pause = () => new Promise((resolve) => setTimeout(resolve, 1100));

  beforeAll(async () => {
    server = await Versitygw.start(versitygw as string);
    const vault = vaultAt(server.endpoint, server.caPem, {});
    await prepareVault(vault, { keys: server.keys });
    store = openStore(vault, { keys: server.keys });
  });
  afterAll(() => server.stop());

  test('what was deleted and overwritten since is found, told and brought back; the rest stays as it is', async () => {
    for (const key of ['shop/a', 'shop/b', 'shop/list', 'shop/long-gone', 'other/c'])
      await store.write(key, `first ${key}`);
    await erase('shop/long-gone');
    await pause();
    const since = new Date();
    await store.write('shop/list', 'by an intruder');
    await store.write('shop/b', 'second');
    for (const key of ['shop/a', 'shop/b', 'other/c']) await erase(key);
    await erase('shop/a');
    await store.write('shop/new', 'since');

    const damage = await findDamage({ store, prefix: 'shop/', since });
    expect(damage.deleted.map(({ key }) => key)).toEqual(['shop/a', 'shop/b']);
    expect(damage.overwritten.map(({ key }) => key)).toEqual(['shop/list']);

    expect(await undelete(store, damage.deleted)).toBe(0);
    expect([await store.read('shop/a'), await store.read('shop/b')]).toEqual(['first shop/a', 'second']);
    expect(await store.read('shop/list')).toBe('by an intruder');
    await revert(store, damage.overwritten);
    expect(await store.read('shop/list')).toBe('first shop/list');
    expect([await store.read('shop/long-gone'), await store.read('other/c')]).toEqual([undefined, undefined]);
    expect(await store.read('shop/new')).toBe('since');
    expect((await findDamage({ store, prefix: 'shop/', since })).deleted).toEqual([]);
  });

  test('where nobody may take marks away, what they hid is written anew', async () => {
    await store.write('guarded/a', 'first');
    await store.write('guarded/b', 'as it was');
    await pause();
    const since = new Date();
    await erase('guarded/a');
    await erase('guarded/a');
    await erase('guarded/b');
    const { deleted } = await findDamage({ store, prefix: 'guarded/', since });
    const { client } = store;
    const send = client.send.bind(client) as (command: object) => Promise<unknown>;
    const guard = (answer: { Code: string }) =>
      jest
        .spyOn(client, 'send')
        .mockImplementation((command: object) =>
          command instanceof DeleteObjectsCommand
            ? { Errors: (command.input.Delete?.Objects ?? []).map(({ Key }) => ({ Key, ...answer })) }
            : send(command),
        );
    try {
      guard({ Code: 'InternalError' });
      await expect(undelete(store, deleted)).rejects.toThrow(/guarded\/a stays: InternalError/);
      guard({ Code: 'AccessDenied' });
      expect(await undelete(store, deleted)).toBe(2);
    } finally {
      jest.restoreAllMocks();
    }
    expect([await store.read('guarded/a'), await store.read('guarded/b')]).toEqual(['first', 'as it was']);
    expect((await findDamage({ store, prefix: 'guarded/', since })).deleted).toEqual([]);
  });
});
