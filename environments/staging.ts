import { Duration, Size } from '../constructs/core';
import { onExistingCluster } from './existing';
import { orders } from './orders';

/** As production, smaller. */
export const staging = onExistingCluster('staging', [
  orders({
    objectives: { rpo: Duration.minutes(2), rto: Duration.minutes(30) },
    storage: Size.gibibytes(20),
    expectedSize: Size.gibibytes(5),
  }),
]);
