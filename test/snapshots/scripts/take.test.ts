import { describeWithS3 } from '../../postgres/scripts/s3-server';
import { daysAgo } from './fake-cluster';
import { SnapshotPod } from './snapshot-pod';

describeWithS3('the job of a snapshot schedule', () => {
  let pod: SnapshotPod;
  beforeAll(async () => {
    pod = await SnapshotPod.start();
  }, 60_000);
  afterAll(() => pod?.dispose());
  beforeEach(() => {
    pod.clear();
    pod.cluster.claim('data-0');
  });

  const made = () =>
    pod.cluster.requests
      .filter(({ method }) => method === 'POST')
      .map(({ body }) => (body as { metadata: { name: string } }).metadata.name);
  const deleted = () => pod.cluster.requests.filter(({ method }) => method === 'DELETE');

  test('takes one, waits until it is ready, and leaves a record by which it is found', async () => {
    pod.cluster.looks = 3;
    const outcome = await pod.taken();
    expect(outcome).toMatchObject({ schedule: 'orders', failures: [] });
    const [name = ''] = made();
    expect(name).toMatch(/^data-0-\d{8}t\d{6}z$/);
    expect(pod.cluster.snapshots.get(name)?.metadata.labels).toEqual({
      'cdktf-disaster-recovery/snapshot-schedule': 'orders',
    });
    const record = pod.record();
    expect(record).toMatchObject({ version: 1, namespace: 'shop', claim: 'data-0' });
    expect(record.snapshots).toEqual([
      {
        name,
        driver: 'disk.test',
        handle: `handle-${name}`,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        restoreSizeBytes: 1_073_741_824,
        class: 'ebs',
        storageClass: 'fast',
        volumeMode: 'Filesystem',
        accessModes: ['ReadWriteOnce'],
        schedule: 'orders',
        tiers: ['daily'],
      },
    ]);
    expect(outcome.claims).toEqual([
      {
        claim: 'data-0',
        ready: 1,
        notReady: 0,
        newest: Date.parse(record.snapshots[0]?.createdAt ?? '') / 1000,
        recorded: 1,
      },
    ]);
  });

  test('removes what retention lets go, in the store as well, and nothing that is not its own', async () => {
    for (const days of [1, 2, 3, 4]) pod.cluster.snapshot(`old-${days}`, { days });
    pod.cluster.snapshot('foreign', { days: 300, schedule: undefined });
    pod.cluster.snapshot('anothers', { days: 300, schedule: 'another' });
    pod.cluster.snapshot('other-claim', { days: 300, claim: 'data-1' });
    const result = await pod.take();
    expect(result.stderr).toContain('snapshots of claims that it no longer takes stay as they are: data-1');
    expect(result.status).toBe(0);
    const [name = ''] = made();
    expect([...pod.cluster.snapshots.keys()].sort()).toEqual(
      [name, 'anothers', 'foreign', 'old-1', 'other-claim'].sort(),
    );
    expect([...pod.cluster.store].sort()).toEqual(
      [name, 'anothers', 'foreign', 'old-1', 'other-claim'].map((one) => `handle-${one}`).sort(),
    );
    expect(pod.record().snapshots.map((one) => one.name)).toEqual([name, 'old-1']);
    // Nobody's policy but theirs was changed, and before they were deleted.
    const patched = pod.cluster.requests.filter(({ method }) => method === 'PATCH');
    expect(patched.map(({ path }) => path.split('/').at(-1)).sort()).toEqual(
      ['content-old-2', 'content-old-3', 'content-old-4'].sort(),
    );
    expect(patched.map(({ body }) => body)).toEqual(Array(3).fill({ spec: { deletionPolicy: 'Delete' } }));
    const order = pod.cluster.requests.map(({ method }) => method);
    expect(order.lastIndexOf('PATCH')).toBeLessThan(order.indexOf('DELETE'));
  });

  test('the record is written before anything goes; where it cannot be, nothing does', async () => {
    for (const days of [1, 2, 3]) pod.cluster.snapshot(`old-${days}`, { days });
    const result = await pod.take({ PGBACKREST_REPO1_S3_KEY_SECRET: 'wrong' });
    expect(result.status).toBe(78);
    expect(result.lastLine).toMatch(
      /^ERROR the snapshots of shop\/orders: claim data-0: the record of its snapshots cannot be read from the vault: the object store rejects the secret key .* — FIX: set PGBACKREST/,
    );
    expect(deleted()).toEqual([]);
    // It was taken all the same.
    expect(pod.cluster.snapshots.size).toBe(4);
  });

  test('one that is not ready in time fails the run with what the driver says, and removes nothing', async () => {
    for (const days of [1, 2, 3, 4]) pod.cluster.snapshot(`old-${days}`, { days });
    pod.cluster.refuses.set('data-0', 'quota of snapshots exceeded\nin zone a');
    const result = await pod.take({ READY_SECONDS: '1' });
    expect(result.status).toBe(78);
    expect(result.lastLine).toMatch(
      /ERROR .* snapshot data-0-\d+t\d+z: it is not ready to use after 1 s: quota of snapshots exceeded in zone a — FIX: put right what the driver/,
    );
    expect(result.stderr).toContain('nothing is removed by this run');
    expect(deleted()).toEqual([]);
    expect(pod.cluster.store.size).toBe(4);
    // All that is good is found by the record, also what would have gone.
    expect(pod.record().snapshots.map(({ name, tiers }) => [name, tiers])).toEqual([
      ['old-1', ['daily']],
      ['old-2', ['daily']],
      ['old-3', []],
      ['old-4', []],
    ]);
  });

  test('one claim that fails keeps nothing of the others, but their records', async () => {
    pod.cluster.claim('data-1');
    pod.cluster.claim('waiting', {}, 'Pending');
    pod.cluster.refuses.set('data-1', 'busy');
    for (const days of [1, 2, 3, 4]) pod.cluster.snapshot(`old-${days}`, { days });
    const result = await pod.take({
      CLAIMS: '["data-0","data-1","waiting","missing"]',
      READY_SECONDS: '1',
    });
    expect(result.status).toBe(78);
    expect(result.lastLine).toMatch(
      /claim missing: there is no such claim, and 2 more — FIX: correct claims/,
    );
    expect(result.stderr).toContain('claim waiting: it has no volume yet');
    expect(deleted()).toEqual([]);
    expect(pod.record('data-0').snapshots).toHaveLength(5);
    expect(pod.record('data-1').snapshots).toEqual([]);
    expect(JSON.parse(result.stdout)).toMatchObject({
      claims: [
        { claim: 'data-0', ready: 5, notReady: 0 },
        { claim: 'data-1', ready: 0, notReady: 1, newest: null },
        { claim: 'waiting', ready: 0, newest: null },
        { claim: 'missing', ready: 0, newest: null },
      ],
    });
  });

  test('one that never became ready goes after two days, and is told; one that was good once does not', async () => {
    pod.cluster.snapshot('stuck', { days: 3, ready: false });
    pod.cluster.snapshot('young', { days: 1, ready: false });
    pod.cluster.snapshot('attached', {
      days: 9,
      ready: false,
      attached: true,
      annotations: { 'cdktf-disaster-recovery/snapshot-claim': 'data-0' },
    });
    pod.cluster.snapshot('once', { days: 5, ready: false });
    pod.writeRecord(
      JSON.stringify({
        version: 1,
        namespace: 'shop',
        claim: 'data-0',
        writtenAt: daysAgo(1),
        snapshots: [
          {
            name: 'once',
            driver: 'disk.test',
            handle: 'handle-once',
            createdAt: daysAgo(5),
            tiers: ['daily'],
          },
        ],
      }),
    );
    const result = await pod.take();
    expect(result.status).toBe(0);
    expect(result.stderr).toContain(
      'WARNING snapshot stuck has never become ready to use (the disk is busy): it is removed',
    );
    const [name = ''] = made();
    expect([...pod.cluster.snapshots.keys()].sort()).toEqual(['attached', 'once', 'young', name].sort());
    expect(pod.record().snapshots.map((one) => one.name)).toEqual([name, 'once']);
  });

  test('a driver that takes none is not asked for more than three; it may take the newest of them later', async () => {
    for (const days of [0.1, 0.2, 0.3]) pod.cluster.snapshot(`begun-${days * 10}`, { days, ready: false });
    const { stderr } = await pod.take();
    expect(stderr).toContain(
      'snapshot begun-1 of claim data-0 was begun by an earlier run and is not taken yet',
    );
    expect(made()).toEqual([]);
    expect(pod.record().snapshots.map(({ name }) => name)).toEqual(['begun-1']);
    // One of them is taken: the others are two.
    await pod.taken();
    expect(made()).toHaveLength(1);
  });

  test('what an earlier life of the cluster left stays in the record, as retention has it for all of them', async () => {
    const left = (name: string, days: number) => ({
      name,
      driver: 'disk.test',
      handle: `snap-${name}`,
      createdAt: daysAgo(days),
      storageClass: 'fast',
      tiers: ['daily'],
    });
    pod.writeRecord(
      JSON.stringify({
        version: 1,
        namespace: 'shop',
        claim: 'data-0',
        writtenAt: daysAgo(1),
        snapshots: [left('lost-2', 2), left('lost-3', 3), left('lost-4', 4)],
      }),
    );
    const result = await pod.take({ KEEP: '{"daily":3,"atLeast":1}' });
    expect(result.status).toBe(0);
    const [name = ''] = made();
    expect(pod.record().snapshots.map((one) => one.name)).toEqual([name, 'lost-2', 'lost-3']);
    expect(result.stderr).toContain(
      'snapshot snap-lost-4 of claim data-0 is of an earlier life of the cluster, and too old to be kept: delete it in the store',
    );
    expect(deleted()).toEqual([]);
  });

  test('two schedules of one claim keep each other’s snapshots in its record', async () => {
    for (const days of [1, 2, 3]) pod.cluster.snapshot(`weekly-${days}`, { days, schedule: 'weekly' });
    await pod.taken({ SCHEDULE_NAME: 'weekly', KEEP: '{"daily":4,"atLeast":1}' });
    const weekly = pod.record().snapshots;
    expect(weekly).toHaveLength(4);
    await pod.taken({ KEEP: '{"daily":1,"atLeast":1}' });
    const both = pod.record().snapshots;
    expect(both).toHaveLength(5);
    for (const one of weekly) expect(both).toContainEqual(one);
    expect(deleted()).toEqual([]);
    // What one of them lets go is no longer in the record, whoever writes it next.
    await pod.taken({ SCHEDULE_NAME: 'weekly', KEEP: '{"daily":1,"atLeast":1}' });
    await pod.taken({ KEEP: '{"daily":1,"atLeast":1}' });
    expect(
      pod
        .record()
        .snapshots.map(({ schedule }) => schedule)
        .sort(),
    ).toEqual(['orders', 'weekly']);
  });

  test('a re-attached one counts from when it was made, and goes when its time has come', async () => {
    for (const [name, days] of [
      ['attached-2', 2],
      ['attached-9', 9],
    ] as const)
      pod.cluster.snapshot(name, {
        days: 0,
        attached: true,
        annotations: {
          'cdktf-disaster-recovery/snapshot-claim': 'data-0',
          'cdktf-disaster-recovery/snapshot-created-at': daysAgo(days),
        },
      });
    await pod.taken();
    const [name = ''] = made();
    expect([...pod.cluster.snapshots.keys()].sort()).toEqual(['attached-2', name].sort());
    expect(pod.cluster.store.has('handle-attached-9')).toBe(false);
    expect(pod.record().snapshots.map((one) => one.name)).toEqual([name, 'attached-2']);
  });

  test('a record that is damaged is written anew; one of a later version is left alone', async () => {
    pod.writeRecord('{"version":1,"snapshots":[{"name":"x"}]}');
    const result = await pod.take();
    expect(result.status).toBe(0);
    expect(result.stderr).toContain('WARNING the last record of claim data-0 is damaged');
    expect(pod.record().snapshots).toHaveLength(1);
    pod.writeRecord('{"version":2,"snapshots":[]}');
    const later = await pod.take();
    expect(later.lastLine).toContain('its last record has version 2, and this release knows 1 — FIX: deploy');
  });

  test('a policy that cannot be changed keeps the snapshot; a content that is left behind is told', async () => {
    for (const days of [1, 2, 3]) pod.cluster.snapshot(`old-${days}`, { days });
    pod.cluster.failures = [{ method: 'PATCH', path: /content-old-2$/, status: 403 }];
    const denied = await pod.take();
    expect(denied.lastLine).toMatch(
      /content content-old-2: its deletionPolicy cannot be set to Delete: the Kubernetes API denies PATCH .*told to fail — FIX: deploy the schedule again/,
    );
    expect([...pod.cluster.snapshots.keys()]).toContain('old-2');
    expect([...pod.cluster.snapshots.keys()]).not.toContain('old-3');

    pod.cluster.controllerIsBehind = true;
    const behind = await pod.take();
    expect(behind.lastLine).toMatch(
      /its snapshot was left in the store, and 1 more — FIX: kubectl delete volumesnapshotcontent content-/,
    );
    expect(behind.stderr).toContain('WARNING content content-old-2: its snapshot was left in the store');
  });

  test('claims are found by labels, and taken together where the driver can', async () => {
    pod.clear();
    pod.cluster.claim('data-0', { app: 'orders' });
    pod.cluster.claim('data-1', { app: 'orders' });
    pod.cluster.claim('data-2', { app: 'another' });
    const alone = await pod.taken({ CLAIMS: '[]', CLAIM_SELECTOR: 'app=orders' });
    expect(alone.claims.map(({ claim }) => claim)).toEqual(['data-0', 'data-1']);

    const together = {
      CLAIMS: '[]',
      CLAIM_SELECTOR: 'app=orders',
      GROUP_CLASS: 'ebs',
      KEEP: '{"daily":1,"atLeast":1}',
    };
    pod.cluster.snapshots.clear();
    pod.cluster.contents.clear();
    pod.cluster.store.clear();
    for (const days of [1, 2]) {
      pod.cluster.groups.set(`old-${days}`, {
        metadata: {
          name: `old-${days}`,
          labels: { 'cdktf-disaster-recovery/snapshot-schedule': 'orders' },
          creationTimestamp: daysAgo(days),
        },
        status: { readyToUse: true, boundVolumeGroupSnapshotContentName: `content-old-${days}` },
      });
      for (const claim of ['data-0', 'data-1'])
        pod.cluster.snapshot(`old-${days}-${claim}`, { claim, days, group: `old-${days}` });
    }
    await pod.taken(together);
    const [group = ''] = [...pod.cluster.groups.keys()];
    expect([...pod.cluster.groups.keys()]).toEqual([group]);
    expect(group).toMatch(/^orders-\d{8}t\d{6}z$/);
    expect([...pod.cluster.store].sort()).toEqual(
      ['data-0', 'data-1'].map((claim) => `handle-member-${group}-${claim}`),
    );
    expect(pod.record('data-1').snapshots.map(({ name }) => name)).toEqual([`member-${group}-data-1`]);

    // A member that is missing is a claim that was not taken.
    pod.cluster.refuses.set('data-1', 'not in this group');
    const result = await pod.take(together);
    expect(result.lastLine).toMatch(
      /claim data-1: the group snapshot orders-\S+ has none of it that is ready/,
    );
    expect(pod.cluster.groups.size).toBe(2);
  });

  test('no claim, no definitions, no right, no connection: each with its cause', async () => {
    const none = await pod.take({ CLAIMS: '[]', CLAIM_SELECTOR: 'app=nothing' });
    expect(none.lastLine).toMatch(/no claim has the labels app=nothing — FIX: label the claims/);
    pod.cluster.failures = [{ method: 'POST', path: /volumesnapshots$/, status: 404 }];
    const definitions = await pod.take();
    expect(definitions.lastLine).toMatch(
      /claim data-0: no snapshot can be made: POST .* no such thing.* — FIX: install the definitions/,
    );
    pod.cluster.failures = [{ method: 'POST', path: /volumesnapshots$/, status: 403 }];
    const denied = await pod.take();
    expect(denied.lastLine).toMatch(/the Kubernetes API denies POST .* — FIX: deploy the schedule again/);
    const gone = await pod.take({ API_URL: 'https://localhost:1' });
    expect(gone.lastLine).toMatch(/no connection to https:\/\/localhost:1: .* — FIX: look at the API server/);
    for (const { stderr } of [none, definitions, denied, gone]) expect(stderr).not.toContain('the-token');
  }, 120_000);
});
