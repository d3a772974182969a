import { Recipient } from '../constructs/escrow';
import { setting } from './environment';

/** Those whom `ESCROW_RECIPIENTS` names: `Platform on-call=age1…, Safe=age1…`; what is wrong is the escrow's to tell. */
export function escrowRecipients(): readonly Recipient[] {
  return setting('ESCROW_RECIPIENTS', '')
    .split(',')
    .filter((entry) => entry.trim() !== '')
    .map((entry) => {
      const end = entry.lastIndexOf('=');
      return Recipient.age(entry.slice(end + 1).trim(), { name: entry.slice(0, Math.max(end, 0)).trim() });
    });
}
