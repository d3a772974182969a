import { cloneOf, type Job } from '../../clone/clones';
import { jobFrom, type Template } from '../../clone/template';

const template: Template = {
  metadata: { name: 'orders-clone', namespace: 'shop', uid: 'u-1' },
  spec: {
    jobTemplate: {
      metadata: { labels: { a: 'b' } },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels: { a: 'b' } },
          spec: {
            restartPolicy: 'Never',
            containers: [
              {
                env: [
                  { name: 'CLONE_TO', value: 'latest' },
                  { name: 'STANZA', value: 'orders' },
                ],
              },
            ],
          },
        },
      },
    },
  },
};

const made = jobFrom(template, {
  name: 'orders-clone-look',
  environment: { CLONE_TO: '2026-05-04T03:02:01Z' },
});

test('a Job is made of the template, with its own variables, and goes with the template', () => {
  expect(made).toMatchObject({
    kind: 'Job',
    metadata: {
      name: 'orders-clone-look',
      namespace: 'shop',
      labels: { a: 'b' },
      ownerReferences: [{ uid: 'u-1' }],
    },
    spec: {
      backoffLimit: 0,
      template: { metadata: { labels: { a: 'b' } }, spec: { restartPolicy: 'Never' } },
    },
  });
  expect(made.spec.template.spec.containers[0]?.env).toEqual([
    { name: 'STANZA', value: 'orders' },
    { name: 'CLONE_TO', value: '2026-05-04T03:02:01Z' },
  ]);
});

describe('a clone, told by its Job and its pod', () => {
  const job = (status: Job['status']): Job => ({
    metadata: { name: made.metadata.name, creationTimestamp: '2026-05-04T04:00:00Z' },
    spec: { template: { spec: { containers: made.spec.template.spec.containers } } },
    status,
  });
  const pod = (status: object) => ({ metadata: { name: 'orders-clone-look-x', uid: 'p' }, status });
  const container = (state: object) => ({
    containerStatuses: [{ name: 'postgres', ready: false, restartCount: 0, state }],
  });

  test('has the name and the target that it was made with', () => {
    expect(cloneOf('orders', job({}), undefined)).toMatchObject({
      name: 'look',
      to: '2026-05-04T03:02:01Z',
      timeline: '',
      state: 'restoring',
      pod: undefined,
    });
  });

  test('is ready, ended or failed', () => {
    expect(cloneOf('orders', job({ ready: 1 }), undefined).state).toBe('ready');
    const over = (type: string) => job({ conditions: [{ type, status: 'True', message: 'm' }] });
    expect(cloneOf('orders', over('Complete'), undefined).state).toBe('ended');
    expect(cloneOf('orders', over('Failed'), undefined)).toMatchObject({ state: 'failed', words: 'm' });
  });

  test('tells what it waits for, or the last words of what failed', () => {
    const words = (status: object): string => cloneOf('orders', job({}), pod(status)).words;
    expect(words({ conditions: [{ type: 'PodScheduled', status: 'False', message: 'no room' }] })).toBe(
      'no room',
    );
    expect(words(container({ waiting: { reason: 'ErrImagePull', message: 'gone' } }))).toBe(
      'ErrImagePull: gone',
    );
    expect(words(container({ terminated: { exitCode: 78, message: 'x\nERROR y — FIX: z\n' } }))).toBe(
      'ERROR y — FIX: z',
    );
    expect(words(container({ running: {} }))).toBe('');
  });
});
