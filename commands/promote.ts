import { createInterface } from 'node:readline/promises';
import { Command, InvalidArgumentError } from 'commander';
import { subjectOf } from '../dump/subject';
import type { Environment } from '../environments';
import { plan, promote } from '../promotion/promote';
import { rebuild } from '../promotion/rebuild';
import { render, standings } from '../promotion/standing';
import { environmentArgument } from './argument';
import { failOnCluster } from './failure';

const say = (message: string): void => console.log(message);

function whole(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number of seconds is expected.');
}

interface Options {
  readonly yes?: true;
  readonly acceptLoss?: true;
  readonly rebuild?: string;
  readonly timeout?: number;
}

async function confirmed(question: string): Promise<boolean> {
  if (process.stdin.isTTY !== true) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} (yes/no) `);
  terminal.close();
  return answer.trim() === 'yes';
}

const program = new Command('promote')
  .description('makes a replica of a database its primary')
  .argument('<environment>', 'its name', environmentArgument)
  .argument('<database>', 'its name in the environment')
  .argument('[pod]', 'the replica (default: the one that has most)')
  .option('--yes', 'do it without asking')
  .option('--accept-loss', 'also when something that was acknowledged may be lost')
  .option('--rebuild <pod>', 'make this pod a replica anew; what its volume holds is kept beside')
  .option('--timeout <seconds>', 'for each step (60; 7200 for a rebuild)', whole)
  .action(async (environment: Environment, database: string, pod: string | undefined, options: Options) => {
    const subject = subjectOf(environment, database);
    const all = await standings(subject);
    say(render(all));
    const again = 'nothing was changed; the same command with --yes does it';
    if (options.rebuild !== undefined) {
      const question = `restore ${options.rebuild} as a replica, keeping what it holds beside?`;
      if (options.yes !== true && !(await confirmed(question))) return say(again);
      return rebuild({ subject, pod: options.rebuild, seconds: options.timeout ?? 7200, progress: say });
    }
    const wish = { ...(pod === undefined ? {} : { pod }), acceptLoss: options.acceptLoss === true };
    const { primary, target, ...rest } = plan(all, wish);
    const question =
      primary === undefined
        ? `no primary answers; promote ${target.pod}?`
        : `stop ${primary.pod} and promote ${target.pod}?`;
    if (options.yes !== true && !(await confirmed(question))) return say(again);
    await promote(
      { subject, ...wish, seconds: options.timeout ?? 60, progress: say },
      { primary, target, ...rest },
    );
  });

program.parseAsync().catch(failOnCluster);
