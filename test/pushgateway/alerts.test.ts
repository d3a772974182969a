import { Duration } from '../../constructs/core';
import { PUSHGATEWAY_ALERTS } from '../../constructs/pushgateway/alerts/catalogue';
import { describeCatalogue } from '../alerts/catalogue';

describeCatalogue(PUSHGATEWAY_ALERTS, [
  { namespace: 'monitoring', name: 'pushgateway', leftOverAfter: Duration.days(2) },
]);
