import { Lab } from './lab';
import { eventually } from './processes';
import { describeWithPostgres } from './tools';

describeWithPostgres('ready.sh', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.create();
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
  }, 60_000);

  afterAll(() => lab.dispose());

  const probe = (seconds: number) => lab.script('ready.sh', [], { READY_SECONDS: String(seconds) });

  test('is not content without a server, and says so', async () => {
    expect(await probe(0)).toMatchObject({ status: 1, stderr: 'the server is absent\n' });
  });

  test('waits for a server that starts', async () => {
    const waiting = probe(30);
    await lab.startServer();
    expect(await waiting).toMatchObject({ status: 0 });
    expect(await probe(0)).toMatchObject({ status: 0 });
  });

  test('is not content with a replaying primary, whom it does not even ask', async () => {
    await lab.stopServer();
    lab.write('volume/pgdata/recovery.signal', '');
    // An archive that does not answer.
    lab.write('volume/pgdata/postgresql.auto.conf', "restore_command = 'sleep 6; exit 255'\n");
    lab.own(lab.path('volume'), true);
    const server = lab.spawn('start.sh', lab.podEnvironment);
    await eventually('it replays', async () => /starting|replaying/.test((await probe(0)).stderr));
    expect(await probe(1)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^the server is (starting|replaying)\n$/),
    });
    expect(server.log).not.toMatch(/starting up|not accepting connections/);
    server.kill();
    await server.exit();
  });

  test('is not content with a server that was killed, whose lock file says ready', async () => {
    lab.write('volume/pgdata/postmaster.pid', '1\n\n\n\n\n\n\nready   \n');
    expect((await probe(0)).status).not.toBe(0);
  });
});

describeWithPostgres('ready-file.sh', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.create();
  });
  afterAll(() => lab.dispose());

  test('waits for the file', async () => {
    const file = lab.path('tmp/ready');
    expect(await lab.script('ready-file.sh', [file], { READY_SECONDS: '0' })).toMatchObject({ status: 1 });
    const waiting = lab.script('ready-file.sh', [file], { READY_SECONDS: '30' });
    lab.write('tmp/ready', '');
    expect(await waiting).toMatchObject({ status: 0 });
  });
});
