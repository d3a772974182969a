import { Duration } from '../../constructs/core';
import { SNAPSHOT_ALERTS } from '../../constructs/snapshots/alerts/catalogue';
import { describeCatalogue } from '../alerts/catalogue';

describeCatalogue(SNAPSHOT_ALERTS, [
  { namespace: 'shop', name: 'orders', cronJob: 'orders-snapshots', ageLimit: Duration.minutes(150) },
]);
