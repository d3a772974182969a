import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../postgres/scripts/processes';
import { describeWithS3 } from '../../postgres/scripts/s3-server';
import { DashboardPod } from './dashboard-pod';
import { FakeGrafana } from './fake-grafana';

describeWithS3('the export of dashboards, and their way back', () => {
  let pod: DashboardPod;
  let grafana: FakeGrafana;
  const others: FakeGrafana[] = [];

  beforeAll(async () => {
    pod = await DashboardPod.start();
  }, 60_000);
  afterAll(() => pod?.dispose());
  beforeEach(async () => {
    grafana = await FakeGrafana.start();
    fill(grafana);
  });
  afterEach(async () => {
    for (const one of [grafana, ...others.splice(0)]) await one.stop();
    rmSync(pod.object(''), { recursive: true, force: true });
  });

  function fill(one: FakeGrafana): void {
    one.folder('team', 'Team "A" / ü');
    one.folder('inner', 'Inner', 'team');
    one.folder('empty', 'Nothing yet');
    one.folder('code', 'As code');
    one.make('sales', {
      folderUid: 'team',
      panels: [{ type: 'text', title: '${datasource} $x "\\', share: 0.1 }],
    });
    one.make('deep', { folderUid: 'inner', title: 'Deep\tdown' });
    one.make('general');
    one.make('from-code', { folderUid: 'code', provisioned: true });
  }
  const another = async (): Promise<FakeGrafana> => {
    const one = await FakeGrafana.start();
    others.push(one);
    return one;
  };
  const outcome = (stdout: string): object => JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as object;

  test('has every dashboard as Grafana gave it, every folder, and what is provisioned marked', async () => {
    const made = await pod.exported(grafana, { PAGE_SIZE: '2' });
    expect(made).toMatchObject({ last: null, dashboards: 4, provisioned: 1, folders: 4, unread: 0 });
    const { dashboards, folders } = pod.manifest(made.id);
    expect(dashboards.map(({ folderUid, provisioned, uid }) => [uid, folderUid, provisioned]).sort()).toEqual(
      [
        ['deep', 'inner', false],
        ['from-code', 'code', true],
        ['general', '', false],
        ['sales', 'team', false],
      ],
    );
    // Parents before what is in them.
    expect(folders.findIndex(({ uid }) => uid === 'team')).toBeLessThan(
      folders.findIndex(({ uid }) => uid === 'inner'),
    );
    expect(folders.find(({ uid }) => uid === 'inner')).toEqual({
      uid: 'inner',
      title: 'Inner',
      parentUid: 'team',
    });
    const sales = dashboards.find(({ uid }) => uid === 'sales');
    const stored = JSON.parse(readFileSync(pod.object(`${made.id}/${sales?.file}`), 'utf8')) as {
      dashboard: object;
    };
    expect(stored.dashboard).toEqual(grafana.dashboards.get('sales')?.dashboard);
    expect(grafana.requests.filter((request) => request.startsWith('POST'))).toEqual([]);
  });

  test('tells what has changed since the last set', async () => {
    const first = await pod.exported(grafana);
    expect(first.added).toHaveLength(4);
    const same = await pod.exported(grafana);
    expect(same).toMatchObject({ last: first.id, added: [], changed: [], moved: [], removed: [] });
    grafana.make('sales', { folderUid: 'team', panels: [{ type: 'stat' }] });
    grafana.make('general', { folderUid: 'team' });
    grafana.make('new', { title: 'New one' });
    grafana.dashboards.delete('deep');
    const result = await pod.export(grafana);
    expect(JSON.parse(result.stdout)).toMatchObject({
      last: same.id,
      added: ['New one'],
      changed: ['Dashboard sales'],
      moved: ['Dashboard general'],
      removed: ['Deep\tdown'],
    });
    expect(result.stderr).toContain('changed: Dashboard sales');
  });

  test('comes back into an empty Grafana: folders first, uids kept, what is provisioned left to who provisions it', async () => {
    const { id } = await pod.exported(grafana);
    const empty = await another();
    const result = await pod.restore(empty);
    expect(result.status === 0 ? '' : result.stderr).toBe('');
    expect(outcome(result.stdout)).toEqual({
      set: id,
      folders: 3,
      restored: 3,
      unchanged: 0,
      kept: 0,
      failed: 0,
    });
    expect([...empty.folders.values()].sort((a, b) => a.uid.localeCompare(b.uid))).toEqual([
      { uid: 'empty', title: 'Nothing yet' },
      { uid: 'inner', title: 'Inner', parentUid: 'team' },
      { uid: 'team', title: 'Team "A" / ü' },
    ]);
    for (const uid of ['sales', 'deep', 'general']) {
      const before = grafana.dashboards.get(uid)?.dashboard;
      const after = empty.dashboards.get(uid)?.dashboard;
      // Ids and versions are each Grafana's own.
      expect({ ...after, id: 0, version: 0 }).toEqual({ ...before, id: 0, version: 0 });
      expect(after?.['version']).toBe(1);
      expect(empty.dashboards.get(uid)?.folderUid).toBe(grafana.dashboards.get(uid)?.folderUid);
    }
    expect(empty.dashboards.has('from-code')).toBe(false);
    const again = await pod.restore(empty);
    expect(outcome(again.stdout)).toEqual({
      set: id,
      folders: 0,
      restored: 0,
      unchanged: 3,
      kept: 0,
      failed: 0,
    });
  });

  test('leaves alone what is newer or provisioned, replaces what is older, and everything when told so', async () => {
    await pod.exported(grafana);
    const used = await another();
    used.make('sales', { updated: '2026-05-04T13:30:00+02:00', panels: [{ type: 'newer' }] });
    used.make('deep', { updated: '2026-05-04T11:30:00+02:00', panels: [{ type: 'older' }] });
    used.make('general', { provisioned: true });
    const result = await pod.restore(used);
    expect(outcome(result.stdout)).toMatchObject({ restored: 1, kept: 2, failed: 0 });
    expect(used.dashboards.get('sales')?.dashboard['panels']).toEqual([{ type: 'newer' }]);
    expect(used.dashboards.get('deep')?.dashboard['panels']).toEqual([]);
    const told = await pod.restore(used, { RESTORE_OVERWRITE: 'true' });
    expect(outcome(told.stdout)).toMatchObject({ restored: 1, unchanged: 1, kept: 1, failed: 0 });
    expect(used.dashboards.get('sales')?.dashboard['panels']).toEqual(
      grafana.dashboards.get('sales')?.dashboard['panels'],
    );
    expect(used.dashboards.get('sales')?.folderUid).toBe('team');
  });

  test('goes into folders that are there under another uid; says which dashboard found no place', async () => {
    await pod.exported(grafana);
    const used = await another();
    used.folder('own', 'Team "A" / ü');
    used.make('namesake', { title: 'Dashboard general' });
    const result = await pod.restore(used);
    expect(result).toMatchObject({
      status: 78,
      lastLine: expect.stringMatching(/1 of set .* could not be restored — FIX: /),
    });
    expect(result.stderr).toMatch(/failed: Dashboard general \(.*same name.*\)/);
    expect(outcome(result.stdout)).toMatchObject({ restored: 2, failed: 1 });
    expect(used.dashboards.get('sales')?.folderUid).toBe('own');
    expect(used.folders.get('inner')?.parentUid).toBe('own');
  });

  test('can be of some dashboards, of an older set, or only shown', async () => {
    const first = await pod.exported(grafana);
    const older = pod.age(first.id, 2);
    grafana.make('deep', { folderUid: 'inner', panels: [{ type: 'later' }] });
    const second = await pod.exported(grafana);
    const empty = await another();
    const listed = await pod.restore(empty, { RESTORE_SET: 'list' });
    expect(
      listed.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { id: older, complete: true, files: 6 },
      { id: second.id, complete: true, files: 6 },
    ]);
    const one = await pod.restore(empty, { RESTORE_UIDS: '["deep"]', RESTORE_SET: older });
    expect(outcome(one.stdout)).toMatchObject({ set: older, folders: 2, restored: 1 });
    expect([...empty.dashboards.keys()]).toEqual(['deep']);
    expect(empty.dashboards.get('deep')?.dashboard['panels']).toEqual([]);
    expect([...empty.folders.keys()].sort()).toEqual(['inner', 'team']);
    expect((await pod.restore(empty, { RESTORE_UIDS: '["gone"]' })).lastLine).toMatch(
      /no dashboard gone — FIX: choose of/,
    );
    expect((await pod.restore(empty, { RESTORE_SET: '20200101T000000Z' })).lastLine).toMatch(
      /no set 20200101T000000Z — FIX: /,
    );
  });

  test('of a Grafana that lost what people made makes no set and removes none, until it is told', async () => {
    const old = pod.age((await pod.exported(grafana)).id, 90);
    const before = pod.objects();
    // Its volume is gone: what is provisioned is back, and somebody has begun anew.
    const lost = await another();
    lost.make('from-code', { folderUid: 'code', provisioned: true });
    for (const env of [{}, { KEEP_AT_LEAST: '1', KEEP_SECONDS: '3600' }]) {
      const result = await pod.export(lost, env);
      expect(result).toMatchObject({
        status: 78,
        lastLine: expect.stringMatching(
          /3 of the 3 that people had made by set .* are gone\. No set is made, and none is removed — FIX: /,
        ),
      });
    }
    lost.make('fresh');
    expect(await pod.export(lost)).toMatchObject({ status: 78 });
    // Not even one that answers with nothing at all.
    lost.dashboards.clear();
    expect(await pod.export(lost)).toMatchObject({ status: 78 });
    expect(pod.objects()).toEqual(before);
    expect(await pod.restore(lost)).toMatchObject({ status: 0 });
    expect((await pod.exported(lost)).removed).toEqual(['Dashboard from-code']);
    lost.dashboards.clear();
    lost.make('fresh');
    const accepted = await pod.exported(lost, { ACCEPT_LOSS: 'true' });
    expect(accepted.dashboards).toBe(1);
    expect(pod.sets()).toContain(old);
  });

  test('removes sets by their age, never one of the newest', async () => {
    const made: string[] = [];
    for (const days of [40, 35, 20])
      made.push(pod.age((await pod.exported(grafana, { KEEP_AT_LEAST: '9' })).id, days));
    const [oldest = '', old = '', young = ''] = made;
    const last = await pod.exported(grafana, { KEEP_AT_LEAST: '3' });
    expect(pod.sets()).toEqual([old, young, last.id]);
    expect(pod.objects().filter((path) => path.startsWith(oldest))).toEqual([]);
    const next = await pod.exported(grafana, { KEEP_AT_LEAST: '1', KEEP_SECONDS: '2592000' });
    expect(pod.sets()).toEqual([young, last.id, next.id].sort());
  });

  test('that is killed half way does not count; the next one does, and clears it away when it is over', async () => {
    const good = pod.age((await pod.exported(grafana)).id, 1);
    for (let n = 0; n < 12; n += 1) grafana.make(`more-${n}`);
    const killed = pod.startExport(grafana);
    await eventually('something is written', () =>
      pod.objects().some((path) => /\/[1-9]\.json$/.test(path) && !path.startsWith(good)),
    );
    killed.kill();
    await killed.exit();
    expect(pod.sets()).toEqual([good]);
    const half =
      pod
        .objects()
        .find((path) => !path.startsWith(good))
        ?.split('/')[0] ?? '';
    const empty = await another();
    expect(outcome((await pod.restore(empty)).stdout)).toMatchObject({ set: good, restored: 3 });
    expect((await pod.restore(empty, { RESTORE_SET: half })).lastLine).toMatch(
      /is incomplete: it has no manifest — FIX: /,
    );
    const next = await pod.exported(grafana);
    expect(next).toMatchObject({ last: good, dashboards: 16 });
    // It might have been one that is being made.
    expect(pod.objects().some((path) => path.startsWith(half))).toBe(true);
    const over = pod.age(half, 3);
    await pod.exported(grafana);
    expect(pod.objects().some((path) => path.startsWith(over))).toBe(false);
  });

  test('a restore that is killed half way is taken up by the next', async () => {
    for (let n = 0; n < 8; n += 1) grafana.make(`more-${n}`, { folderUid: 'team' });
    await pod.exported(grafana);
    const empty = await another();
    const killed = pod.startRestore(empty);
    await eventually('some are there', () => empty.dashboards.size >= 3);
    killed.kill();
    await killed.exit();
    const there = empty.dashboards.size;
    expect(there).toBeLessThan(11);
    const taken = outcome((await pod.restore(empty)).stdout) as { restored: number; unchanged: number };
    expect(taken).toMatchObject({ restored: 11 - there, unchanged: there, failed: 0 });
    expect(empty.dashboards.size).toBe(11);
  }, 120_000);

  describe('ends without a trace in the vault where', () => {
    const login = '<!DOCTYPE html><html><body>Sign in</body></html>';
    test.each<[string, (grafana: FakeGrafana) => string | undefined, RegExp]>([
      [
        'nothing answers',
        () => 'http://127.0.0.1:1',
        /no connection to http:\/\/127\.0\.0\.1:1: .* — FIX: look at Grafana's pod/,
      ],
      [
        'a login page answers',
        (one) => {
          one.intercept = () => ({ status: 200, body: login });
          return undefined;
        },
        /something else than JSON: <!DOCTYPE html>.* — FIX: correct the URL/,
      ],
      [
        'a list is cut off',
        (one) => {
          one.intercept = (_, path) =>
            path.startsWith('/api/search?type=dash-db&limit=1000')
              ? { status: 200, body: '[{"uid":"a"' }
              : undefined;
          return undefined;
        },
        /something else than JSON/,
      ],
      [
        'a list is something else',
        (one) => {
          one.intercept = (_, path) =>
            path.startsWith('/api/search') ? { status: 200, body: { dashboards: [] } } : undefined;
          return undefined;
        },
        /something else than a list .* — FIX: look at the version/,
      ],
      [
        'there is no such API',
        (one) => `${one.url}/grafana`,
        /no such thing \(404\) — FIX: correct the URL .*sub path/,
      ],
      [
        'Grafana is ill',
        (one) => {
          one.intercept = (_, path) =>
            path.startsWith('/api/folders') ? { status: 503, body: { message: 'busy' } } : undefined;
          return undefined;
        },
        /folders cannot be listed: .* status 503: busy — FIX: look at Grafana's log/,
      ],
    ])('%s', async (_, prepare, told) => {
      const good = pod.age((await pod.exported(grafana)).id, 99);
      const before = pod.objects();
      const result = await pod.export(prepare(grafana) ?? grafana, { KEEP_AT_LEAST: '1' });
      expect(result).toMatchObject({ status: 78, lastLine: expect.stringMatching(told) });
      expect(pod.objects()).toEqual(before);
      expect(pod.sets()).toEqual([good]);
    });
  });

  test('that cannot read one dashboard keeps the others, fails, and removes no set that may have it', async () => {
    const old = pod.age((await pod.exported(grafana)).id, 99);
    grafana.intercept = (_, path) =>
      path === '/api/dashboards/uid/deep' ? { status: 406, body: { message: 'newer format' } } : undefined;
    const result = await pod.export(grafana, { KEEP_AT_LEAST: '1' });
    expect(result).toMatchObject({
      status: 78,
      lastLine: expect.stringMatching(/lacks Deep down, which cannot be read: .*406.* — FIX: /),
    });
    expect(result.stderr).toContain('newer format');
    const id = pod.sets().at(-1) ?? '';
    expect(pod.sets()).toEqual([old, id]);
    expect(pod.manifest(id).unread).toMatchObject([{ uid: 'deep' }]);
    expect(pod.manifest(id).dashboards).toHaveLength(3);
    expect(JSON.parse(result.stdout)).toMatchObject({ removed: [], unread: 1 });
  });

  test('of a damaged set is told before anything is written, or of the one dashboard', async () => {
    const { id } = await pod.exported(grafana);
    const sales = pod.manifest(id).dashboards.find(({ uid }) => uid === 'sales')?.file ?? '';
    writeFileSync(pod.object(`${id}/${sales}`), '{"dashboard":{"uid":"sales","title":"x"},"meta":{}}');
    const empty = await another();
    const partly = await pod.restore(empty);
    expect(partly).toMatchObject({ status: 78 });
    expect(partly.stderr).toMatch(/failed: Dashboard sales \(its file in the vault is gone or damaged/);
    expect(empty.dashboards.has('sales')).toBe(false);
    expect(outcome(partly.stdout)).toMatchObject({ restored: 2, failed: 1 });
    writeFileSync(pod.object(`${id}/manifest.json`), '{"dashboards":');
    expect((await pod.restore(empty)).lastLine).toMatch(
      /manifest of set .* is damaged — FIX: choose another set/,
    );
    // The next export compares with nothing rather than with half of it.
    expect((await pod.exported(grafana)).last).toBeNull();
  });

  test('says which token is wrong, which may not write, and which key may not; shows none of them', async () => {
    const wrong = await pod.export(grafana, {}, 'glsa_wrong');
    expect(wrong.lastLine).toMatch(/does not accept the token \(401\) — FIX: make a new token/);
    pod.write(
      'tmp/curl',
      `#!/bin/bash\necho "$@" >>${join(pod.dir, 'tmp/arguments')}\nexec /usr/bin/curl "$@"\n`,
      0o755,
    );
    const watched = await pod.export(grafana, {
      PATH: `${join(pod.dir, 'tmp')}:/usr/sbin:/usr/bin:/sbin:/bin`,
    });
    expect(watched.status).toBe(0);
    const seen = readFileSync(join(pod.dir, 'tmp/arguments'), 'utf8');
    expect(seen).toContain('--config -');
    expect(seen + watched.stdout + watched.stderr).not.toMatch(/glsa_|tester-secret/);
    const empty = await another();
    const reader = await pod.restore(empty, {}, 'glsa_viewer');
    expect(reader.lastLine).toMatch(
      /may not do POST \/api\/folders \(403\): .* — FIX: give the service account the role .*Editor to restore/,
    );
    pod.s3.createReader('vault', 'reader', 'reader-secret-key');
    const before = pod.objects();
    const refused = await pod.export(grafana, {
      PGBACKREST_REPO1_S3_KEY: 'reader',
      PGBACKREST_REPO1_S3_KEY_SECRET: 'reader-secret-key',
    });
    expect(refused.lastLine).toMatch(/no set could be begun: .*403.* — FIX: let the key/);
    expect(pod.objects()).toEqual(before);
  });
});
