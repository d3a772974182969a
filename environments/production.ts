import { Duration, Size } from '../constructs/core';
import { onExistingCluster } from './existing';
import { orders } from './orders';

export const production = onExistingCluster('production', [
  orders({
    objectives: { rpo: Duration.minutes(2), rto: Duration.minutes(30) },
    storage: Size.gibibytes(200),
    expectedSize: Size.gibibytes(100),
  }),
]);
