import { randomUUID } from 'node:crypto';
import { claimIncarnation, type ObjectStore } from '../../constructs/object-storage/client';
import { freshStore, onEveryStore } from './stores';

onEveryStore((server) => {
  const region = 'eu-west-3';
  const claim = async (store: ObjectStore, clusterId?: string, environment = 'production') =>
    claimIncarnation({ store, environment, region, ...(clusterId === undefined ? {} : { clusterId }) });

  test('a cluster keeps its incarnation, another cluster gets the next', async () => {
    const store = await freshStore(server());
    expect(await claim(store, 'A')).toEqual({ generation: 1, region, name: 'eu-west-3-1', created: true });
    expect(await claim(store, 'A')).toEqual({ generation: 1, region, name: 'eu-west-3-1', created: false });
    expect(await claim(store, 'B')).toMatchObject({ name: 'eu-west-3-2', created: true });
    expect(await claim(store, 'B')).toMatchObject({ name: 'eu-west-3-2', created: false });
    expect(await claim(store, 'A', 'staging')).toMatchObject({ name: 'eu-west-3-1', created: true });
    expect(await store.keys('records/production/')).toEqual([
      'records/production/incarnations/000001.json',
      'records/production/incarnations/000002.json',
    ]);
  });

  test('a cluster that was replaced and wakes up is refused', async () => {
    const store = await freshStore(server());
    await claim(store, 'A');
    await claim(store, 'B');
    await expect(claim(store, 'A')).rejects.toThrow(
      /this cluster was incarnation 1 of production, which incarnation 2 has replaced since 20.*FIX: point KUBECONFIG/,
    );
    expect(await claim(store, 'B')).toMatchObject({ generation: 2, created: false });
  });

  test('a life that began before its cluster belongs to the first cluster that names itself', async () => {
    const store = await freshStore(server());
    expect(await claim(store)).toMatchObject({ generation: 1, created: true });
    // The deploy was interrupted before there was a cluster: what it made is in this life's state.
    expect(await claim(store)).toMatchObject({ generation: 1, created: false });
    expect(await claim(store, 'A')).toMatchObject({ generation: 1, created: false });
    expect(await claim(store, 'A')).toMatchObject({ generation: 1, created: false });
    expect(await claim(store, 'B')).toMatchObject({ generation: 2, created: true });
    await expect(claim(store, 'A')).rejects.toThrow(/was incarnation 1/);
    // No cluster at all, once there was one: it is gone, and this is a new life.
    expect(await claim(store)).toMatchObject({ generation: 3, created: true });
  });

  test('a region that was renamed does not rename a life', async () => {
    const store = await freshStore(server());
    await claim(store, 'A');
    const moved = { store, environment: 'production', region: 'eu-north-1' };
    expect(await claimIncarnation({ ...moved, clusterId: 'A' })).toMatchObject({ name: 'eu-west-3-1' });
    expect(await claimIncarnation({ ...moved, clusterId: 'B' })).toMatchObject({ name: 'eu-north-1-2' });
  });

  test('of many claimants at once no two begin the same life', async () => {
    const store = await freshStore(server());
    const names = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const claimed = await claim(store, randomUUID());
        return claimed.created ? claimed.generation : undefined;
      }),
    );
    expect(names.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('of many claimants for one cluster one begins its life, and the others join it', async () => {
    const store = await freshStore(server());
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(store, 'A')));
    expect(new Set(claims.map(({ generation }) => generation))).toEqual(new Set([1]));
    expect(claims.filter(({ created }) => created)).toHaveLength(1);
  });

  test('of two clusters for one life that had none, one gets it', async () => {
    const store = await freshStore(server());
    await claim(store);
    const claims = await Promise.all([claim(store, 'A'), claim(store, 'B')]);
    expect(claims.map(({ generation }) => generation).sort()).toEqual([1, 2]);
  });

  test('an empty id is refused: it would match every cluster without one', async () => {
    const store = await freshStore(server());
    await expect(claim(store, ' ')).rejects.toThrow(/id of the cluster is empty.*FIX: pass the UID/);
    expect(await store.keys('records/production/')).toEqual([]);
  });

  test('a record that cannot be read stops everything', async () => {
    const store = await freshStore(server());
    await store.write('records/production/incarnations/000001.json', '{"genera');
    await expect(claim(store, 'A')).rejects.toThrow(/000001\.json in the vault cannot be read — FIX/);
  });
});

test('somebody who is always faster does not keep it busy for ever', async () => {
  let lists = 0;
  const store: ObjectStore = {
    read: async () => JSON.stringify({ generation: lists, region: 'r', clusterId: `other-${lists}` }),
    write: async () => {},
    writeNew: async () => false,
    keys: async () => {
      lists += 1;
      return [`records/production/incarnations/${String(lists).padStart(6, '0')}.json`];
    },
  };
  await expect(
    claimIncarnation({ store, environment: 'production', region: 'r', clusterId: 'A' }),
  ).rejects.toThrow(/could be claimed in 10 attempts.*FIX: see who else deploys/);
  expect(lists).toBe(10);
});
