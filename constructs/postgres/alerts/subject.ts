import type { Subject } from '../../alerts';

/** What the rules of a database read. */
export interface DatabaseSubject extends Subject {
  /** Pods beside the primary. */
  readonly replicas: number;
}
