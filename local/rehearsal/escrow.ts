import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../deploy/process';
import { EnvironmentProblem } from '../../deploy/progress';
import { local } from '../../environments/local';
import { vaultKeys } from './credentials';
import type { Variables } from './subject';

/** An escrow for one rehearsal: two recipients, made for it, of whom one opens it after the disaster. */
export class RehearsalEscrow {
  /** Writes the identity of one of them into the folder; the other one's is kept nowhere. */
  static async make(directory: string): Promise<RehearsalEscrow> {
    const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
    const identities = [await generateX25519Identity(), await generateX25519Identity()] as const;
    const file = join(directory, 'identity.txt');
    writeFileSync(file, `${identities[0]}\n`, { mode: 0o600 });
    const [first, second] = await Promise.all(identities.map((identity) => identityToRecipient(identity)));
    return new RehearsalEscrow({ ESCROW_RECIPIENTS: `Rehearsal=${first}, Nobody=${second}` }, file);
  }

  private constructor(
    /** To be set for every deploy. */
    readonly variables: Variables,
    private readonly identity: string,
  ) {}

  /** The secrets, from the vault and the identity file alone: sourced by a shell as an operator would. */
  async open(site: Variables): Promise<Variables> {
    const script = `source <(npm run --silent escrow -- ${local.name} open --identity "$IDENTITY") && env -0`;
    const { stderr, stdout } = await run('bash', ['-c', script], {
      env: { ...site, IDENTITY: this.identity },
    });
    const opened = stdout.split('\0').flatMap((entry) => {
      const [, name = '', value = ''] = /^(TF_VAR_\w+)=([\s\S]*)$/.exec(entry) ?? [];
      return name === '' ? [] : [[name, value] as const];
    });
    if (opened.length === 0) throw new EnvironmentProblem(`the escrow did not open: ${stderr}`);
    return { ...vaultKeys(site), ...Object.fromEntries(opened) };
  }
}
