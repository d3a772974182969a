import { NAMESPACE } from '../../local/rehearsal/subject';
import { DATABASE, type Subject } from './subject';

/** What ends each part of a recovery, in the log of a container of the pod. */
const ENDS = [
  ['scheduled, its repository read', 'prepare', / restoring \S+ to /],
  ['restored', 'prepare', / restored \S+ MB in /],
  ['server started', 'postgres', / starting PostgreSQL /],
  ['backup’s own WAL reached', 'postgres', / redo starts at /],
  ['replayed', 'postgres', / redo done at /],
  ['promoted', 'postgres', / database system is ready to accept connections/],
] as const;

/** Where the seconds of a recovery went, from the server's manifest to the first right answer. */
export async function phases(
  subject: Subject,
  declaredAt: number,
  answeredAt: number,
): Promise<readonly { readonly name: string; readonly seconds: number }[]> {
  const logs = new Map<string, readonly string[]>();
  for (const container of ['prepare', 'postgres'])
    logs.set(
      container,
      (
        await subject.kubectl([
          'logs',
          `--namespace=${NAMESPACE}`,
          `${DATABASE}-0`,
          `--container=${container}`,
          '--timestamps',
        ])
      ).split('\n'),
    );
  const moments = ENDS.flatMap(([name, container, line]) => {
    const found = logs.get(container)?.find((text) => line.test(text));
    return found === undefined ? [] : [{ name, at: Date.parse(found.slice(0, found.indexOf(' '))) }];
  });
  return [...moments, { name: 'first answer', at: answeredAt }].map(({ name, at }, index) => ({
    name,
    seconds: (at - (moments[index - 1]?.at ?? declaredAt)) / 1000,
  }));
}
