import { EnvironmentProblem, type Progress } from '../deploy/progress';
import { ask, execute, findLive, type Instance, type Subject } from './access';
import { type Clone, findClone, jobName } from './clones';
import { follow } from './follow';
import { onTimeline, sameTarget, type Target, targetText } from './instant';
import { remove } from './remove';
import { jobFrom, type Template } from './template';
import { checkTarget, parseHistory, recoverableWindow, type StanzaInfo } from './window';

export interface CreateOptions {
  readonly subject: Subject;
  readonly name: string;
  readonly target: Target;
  /** @default - the live database's own; what a recovery has left behind is on another */
  readonly timeline?: string;
  /** How long a restore may take. */
  readonly seconds: number;
  readonly progress: Progress;
}

/** How long the live server may take to archive what it has written so far. */
const ARCHIVE_SECONDS = 90;

/**
 * Makes a clone, or takes the one of this name that has the same target; returns
 * when it can be read. Everything that can be known to be wrong is told before
 * anything is made.
 * @throws EnvironmentProblem with cause and fix
 */
export async function create(options: CreateOptions): Promise<Clone> {
  const { subject, name, target, progress } = options;
  checkName(subject.database, name);
  const known = await usable(options);
  if (known !== undefined) {
    progress(
      `clone ${name} of ${targetText(known.to === 'latest' ? 'latest' : target)} is there since ${known.since.toISOString()}; it is used`,
    );
    return waitUntilReady(options);
  }
  const template = await readTemplate(subject);
  const live = await liveOrNothing(subject, progress);
  const timeline = live === undefined ? (options.timeline ?? '') : await inspect(options, live);
  const job = jobFrom(template, {
    name: jobName(subject.database, name),
    environment: {
      CLONE_TO: targetText(target),
      ...(timeline === '' ? {} : { CLONE_TIMELINE: timeline }),
    },
  });
  await subject.kubectl.run(['create', `--namespace=${subject.namespace}`, '--filename=-'], {
    input: JSON.stringify(job),
  });
  progress(
    `clone ${name} of ${subject.database} at ${targetText(target)}${onTimeline(timeline)}: job ${job.metadata.name} is made`,
  );
  return waitUntilReady(options);
}

function checkName(database: string, name: string): void {
  // A pod's name is the Job's and five letters more, and becomes a host name.
  const room = 57 - jobName(database, '').length;
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) && name.length <= room && name !== 'live') return;
  throw new EnvironmentProblem(
    `"${name}" cannot be the name of a clone of ${database} — FIX: choose up to ${room} lower-case letters, digits and dashes, and not "live"`,
  );
}

/** The clone of this name, if it is what was asked for; one that has ended or failed makes room. */
async function usable({
  subject,
  name,
  target,
  timeline,
  progress,
}: CreateOptions): Promise<Clone | undefined> {
  const clone = await findClone(subject, name);
  if (clone === undefined) return undefined;
  if (clone.state === 'failed' || clone.state === 'ended') {
    progress(`clone ${name} has ${clone.state === 'ended' ? 'ended' : 'failed'}; it is made anew`);
    await remove(subject, name);
    return undefined;
  }
  const other = timeline !== undefined && timeline !== clone.timeline;
  if (sameTarget(clone.to, targetText(target)) && !other) return clone;
  throw new EnvironmentProblem(
    `the clone "${name}" of ${subject.database} is of ${clone.to}${onTimeline(clone.timeline)}, not of ${targetText(target)}${other ? onTimeline(timeline) : ''} — FIX: give this one another name, or end that one by \`remove ${name}\``,
  );
}

async function readTemplate({ kubectl, namespace, database }: Subject): Promise<Template> {
  const name = `${database}-clone`;
  const found = await kubectl.run([
    'get',
    'cronjobs',
    `--namespace=${namespace}`,
    `--field-selector=metadata.name=${name}`,
    '--output=json',
  ]);
  const [template] = (JSON.parse(found) as { items: Template[] }).items;
  if (template !== undefined) return template;
  throw new EnvironmentProblem(
    `namespace ${namespace} has no template of a clone (CronJob ${name}) — FIX: deploy the environment; the template comes with its database`,
  );
}

async function liveOrNothing(subject: Subject, progress: Progress): Promise<Instance | undefined> {
  try {
    return await findLive(subject);
  } catch (error) {
    if (!(error instanceof EnvironmentProblem)) throw error;
    progress(
      `the live database ${subject.database} does not answer, so neither its window nor its newest WAL can be asked for; the clone takes what is in the repository`,
    );
    return undefined;
  }
}

/** Checks the target against what can be restored, and lets the live server archive what leads to it. */
async function inspect(options: CreateOptions, live: Instance): Promise<string> {
  const { subject, target, progress } = options;
  const now = new Date(
    Number(
      await ask(subject, live, 'postgres', 'select floor(extract(epoch from clock_timestamp()) * 1000)'),
    ),
  );
  const current = await ask(subject, live, 'postgres', 'select timeline_id from pg_control_checkpoint()');
  const timeline = options.timeline ?? current;
  const window = recoverableWindow(
    subject.database,
    await readInfo(subject, live),
    timeline,
    parseHistory(await readHistory(subject, live, timeline)),
  );
  checkTarget(subject.database, target, window, now);
  progress(`${subject.database} can be restored to any instant from ${window.from.toISOString()} to now`);
  if (timeline === current) await archive(subject, live, progress);
  return timeline;
}

async function readInfo(subject: Subject, live: Instance): Promise<StanzaInfo> {
  const text = await execute(
    subject,
    live,
    ['bash', '-c', 'pgbackrest --stanza="$STANZA" info --output=json'],
    120,
  );
  const [info] = JSON.parse(text) as StanzaInfo[];
  if (info === undefined || info.status.code === 99) {
    throw new EnvironmentProblem(
      `the repository of ${subject.database} cannot be read: ${info?.status.message ?? 'no answer'} — FIX: run \`pgbackrest check\` in the live pod, and see its warnings`,
    );
  }
  return info;
}

/** The history file of a timeline, as the live server has it; empty for the first, and for one that it does not know. */
function readHistory(subject: Subject, live: Instance, timeline: string): Promise<string> {
  const file = `${Number(timeline).toString(16).toUpperCase().padStart(8, '0')}.history`;
  return execute(subject, live, ['bash', '-c', `cat "$PGDATA/pg_wal/${file}" 2>/dev/null || true`]);
}

/**
 * The WAL up to now leaves the live server, so that nothing before the target is
 * missing. A commit of its own comes first: a recovery to an instant ends at the
 * first commit after it, and an idle database would have none.
 */
async function archive(subject: Subject, live: Instance, progress: Progress): Promise<void> {
  const switched = [
    'begin; select pg_current_xact_id() \\g /dev/null',
    'commit;',
    'select pg_walfile_name(pg_switch_wal());',
  ].join('\n');
  const segment = await ask(subject, live, 'postgres', switched);
  const deadline = Date.now() + ARCHIVE_SECONDS * 1000;
  const arrived = `select coalesce(last_archived_wal, '') >= '${segment}' collate "C" from pg_stat_archiver`;
  while ((await ask(subject, live, 'postgres', arrived)) !== 't') {
    if (Date.now() > deadline) {
      // A target further back may be in the archive all the same; the clone tells if it is not.
      progress(
        `WARNING ${subject.database} has not archived its WAL up to ${segment} within ${ARCHIVE_SECONDS} s; what it wrote last may be missing in the clone: see pg_stat_archiver and the log of ${live.pod}`,
      );
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  progress(`the live server has archived its WAL up to ${segment}`);
}

async function waitUntilReady({ subject, name, seconds, progress }: CreateOptions): Promise<Clone> {
  const deadline = Date.now() + seconds * 1000;
  let told = '';
  let following: (() => void) | undefined;
  try {
    for (;;) {
      const clone = await findClone(subject, name);
      if (clone === undefined) {
        throw new EnvironmentProblem(
          `the clone "${name}" was removed while it was awaited — FIX: make it again`,
        );
      }
      if (clone.state === 'ready') return clone;
      if (clone.state !== 'restoring') {
        throw new EnvironmentProblem(problemOf(name, clone));
      }
      if (clone.words === '' && clone.pod !== undefined) {
        following ??= follow(subject, clone.pod, progress);
      } else if (clone.words !== told) {
        told = clone.words;
        progress(`${name}: ${told}`);
      }
      if (Date.now() > deadline) {
        throw new EnvironmentProblem(
          `the clone "${name}" cannot be read after ${seconds} s${told === '' ? '' : `: ${told}`} — FIX: its restore goes on; the same command waits again, \`--timeout\` waits longer, \`remove ${name}\` gives it up`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  } finally {
    following?.();
  }
}

function problemOf(name: string, { words, state }: Clone): string {
  const cause = words.replace(/^ERROR /, '');
  if (cause.includes('FIX:')) return cause;
  return `the clone "${name}" has ${state === 'ended' ? 'ended' : 'failed'}: ${cause || 'its pod left no words'} — FIX: make it again; if it fails again, look at its log`;
}
