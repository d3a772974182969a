import { feed } from '../../clone/stream';

const program = (script: string) => ({ program: 'bash', args: ['-c', script], env: {} });

test('parts arrive in order, whole, whatever their size', async () => {
  const said = await feed(program('wc -c; echo end'), [
    'a'.repeat(10),
    program('head -c 20000000 /dev/zero'),
    'b'.repeat(5),
  ]);
  expect(said).toBe('20000015\nend\n');
});

test('what comes after a part that failed is never sent', async () => {
  const file = `/tmp/stream-${process.pid}`;
  const parts = ['begin\n', program('echo row; echo "it broke" >&2; exit 3'), 'commit\n'];
  await expect(feed(program(`cat >${file}`), parts)).rejects.toThrow('it broke');
  const { readFileSync, rmSync } = await import('node:fs');
  expect(readFileSync(file, 'utf8')).toBe('begin\nrow\n');
  rmSync(file);
});

test('the target that gives up says why, and whoever feeds it does not wait for ever', async () => {
  const parts = ['x', program('cat /dev/zero'), 'y'];
  await expect(feed(program('head -c 10 >/dev/null; echo "ERROR: no" >&2; exit 3'), parts)).rejects.toThrow(
    'ERROR: no',
  );
});
