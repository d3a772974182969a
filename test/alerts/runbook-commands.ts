/** One `sh` block of a runbook, as it is written; blocks marked further (`sh destructive`, `sh manual`) are not among them. */
export interface RunbookCommand {
  readonly runbook: string;
  readonly command: string;
}

export function commandsOf(runbook: string, markdown: string): RunbookCommand[] {
  return [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, command = '']) => ({
    runbook,
    command,
  }));
}

/** All blocks that a shell is to read, also those that no test runs. */
export function shellBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\b[^\n]*\n([\s\S]*?)^```$/gm)].map(([, command = '']) => command);
}
