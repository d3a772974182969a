import { tellOfFailedJobs } from '../../deploy/jobs';
import type { Kubectl } from '../../deploy/kubectl';

test('tells the last words of backups, dumps and certificate jobs that failed, and of those alone', async () => {
  const pod = (name: string, terminated?: object) => ({
    metadata: { name },
    status: { containerStatuses: [{ name: 'job', state: terminated === undefined ? {} : { terminated } }] },
  });
  const items = [
    pod('orders-first-1', { exitCode: 78, message: 'one\nERROR no vault — FIX: bring it back' }),
    pod('orders-dump-1', { exitCode: 78, message: 'ERROR no room — FIX: make some' }),
    pod('orders-tls-1', { exitCode: 0 }),
    pod('orders-backup-2'),
  ];
  let selector = '';
  const kubectl = {
    json: async (args: readonly string[]) => {
      selector = args.find((arg) => arg.startsWith('--selector=')) ?? '';
      return { items };
    },
  };
  const said: string[] = [];
  await tellOfFailedJobs(kubectl as unknown as Kubectl, 'shop', (line) => void said.push(line));
  expect(said).toEqual([
    'WARNING orders-first-1 failed: ERROR no vault — FIX: bring it back',
    'WARNING orders-dump-1 failed: ERROR no room — FIX: make some',
  ]);
  for (const component of ['backup', 'dump', 'tls']) expect(selector).toContain(component);
});
