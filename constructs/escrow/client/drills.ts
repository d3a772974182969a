import { latestRecords, type ObjectStore, putRecord } from '../../object-storage/client';
import type { EscrowRecipient } from '../../recovery';

const KIND = 'escrow-drills';

/** A recipient whose key was not tried for as long may have lost it. */
export const DRILL_EVERY_DAYS = 180;

/** One thing that was held against what is in use. */
export interface DrillCheck {
  /** Name of the secret. */
  readonly secret: string;
  readonly passed: boolean;
  /** How it was found out, or what is wrong; never a value. */
  readonly words: string;
}

export interface EscrowDrill {
  readonly at: string;
  readonly environment: string;
  /** What was opened. */
  readonly opened: string;
  readonly recipient: EscrowRecipient;
  readonly passed: boolean;
  readonly checks: readonly DrillCheck[];
}

export function recordDrill(store: ObjectStore, drill: EscrowDrill): Promise<string> {
  return putRecord(store, {
    environment: drill.environment,
    kind: KIND,
    at: new Date(drill.at),
    record: drill,
  });
}

export interface RecipientDrill {
  readonly recipient: EscrowRecipient;
  /** When this key last opened an escrow whose content worked; undefined: never. */
  readonly last?: Date;
  readonly ageDays?: number;
  readonly overdue: boolean;
}

/** When each of them last showed that they can open it. */
export async function drillsOf(
  store: ObjectStore,
  environment: string,
  recipients: readonly EscrowRecipient[],
  now = new Date(),
): Promise<RecipientDrill[]> {
  const records = await latestRecords(store, {
    environment,
    kind: KIND,
    count: Number.MAX_SAFE_INTEGER,
  });
  const drills = records.map(({ record }) => record as EscrowDrill);
  return recipients.map((recipient) => {
    const found = drills.find(({ passed, recipient: { key } }) => passed && key === recipient.key);
    if (found === undefined) return { recipient, overdue: true };
    const last = new Date(found.at);
    const ageDays = Math.floor((now.getTime() - last.getTime()) / 86_400_000);
    return { recipient, last, ageDays, overdue: ageDays > DRILL_EVERY_DAYS };
  });
}

/** `never`, `today`, `12 days ago` */
export function describeAge({ ageDays }: RecipientDrill): string {
  if (ageDays === undefined) return 'never';
  return ageDays <= 0 ? 'today' : `${ageDays} ${ageDays === 1 ? 'day' : 'days'} ago`;
}
