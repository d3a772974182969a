import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandsOf, type RunbookCommand } from '../alerts/runbook-commands';
import type { Deployed } from './local-site';

/** What the runbooks of a folder tell to run, each command once. @param part of their names */
export function commandsIn(folder: string, part = ''): readonly RunbookCommand[] {
  const commands = readdirSync(folder)
    .filter((file) => file.includes(part))
    .flatMap((file) => commandsOf(file, readFileSync(join(folder, file), 'utf8')));
  return [...new Map(commands.map((one) => [one.command, one])).values()];
}

/** Runs each as it is written. @returns those that failed, with what they said */
export async function failing(
  commands: readonly RunbookCommand[],
  run: (command: string) => Promise<Deployed>,
): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const { command, runbook } of commands) {
    const { exitCode, output } = await run(command);
    if (exitCode !== 0) failed.push(`${runbook}: ${command}\n${output}`);
  }
  return failed;
}
