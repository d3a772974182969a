import { rmSync } from 'node:fs';
import { Lab } from './lab';
import { describeWithPostgres } from './tools';

const failed = (text: RegExp) => ({ status: 78, stderr: expect.stringMatching(text) });

describeWithPostgres('opens.sh', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.create();
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    await lab.startServer();
  }, 60_000);
  afterAll(() => lab.dispose());

  /** The container's own passphrase is another: only the one on standard input may count. */
  const opens = (passphrase: string, own = 'wrong', ...args: string[]) =>
    lab.run(
      [lab.path('scripts/opens.sh'), ...(args.length === 0 ? ['1'] : args)],
      { ...lab.podEnvironment, PGBACKREST_REPO1_CIPHER_PASS: own },
      90_000,
      passphrase,
    );

  test('of a repository without a stanza it proves nothing, and says so', async () => {
    expect(await opens('one')).toMatchObject(failed(/holds no stanza main.*FIX: wait for the first backup/));
  });

  test('tells whether a passphrase opens it, whatever the container’s own is', async () => {
    await lab.pgbackrest('stanza-create');
    expect(await opens('one')).toMatchObject({ status: 0 });
    expect(await opens('two', 'one')).toMatchObject(failed(/was not opened.*passphrase.*FIX/));
    expect(await opens('one\n', 'one')).toMatchObject(failed(/was not opened/));
  });

  test('never prints it, and leaves the container’s last words alone', async () => {
    const { stderr, stdout } = await opens('nobody-knows-this');
    expect(`${stdout}${stderr}`).not.toContain('nobody-knows-this');
    expect(lab.exists('termination-log')).toBe(false);
  });

  test('of a repository that somebody emptied it proves nothing either', async () => {
    for (const kind of ['archive', 'backup'])
      for (const file of [`${kind}.info`, `${kind}.info.copy`])
        rmSync(lab.path('repo1', kind, 'main', file), { force: true });
    expect(await opens('one')).toMatchObject(failed(/holds no stanza main/));
  });

  test('without a passphrase, or of no repository, it is refused', async () => {
    expect(await opens('')).toMatchObject(failed(/no passphrase on standard input/));
    expect(await opens('one', 'one', 'x; rm')).toMatchObject(failed(/called with 'x; rm'/));
  });
});
