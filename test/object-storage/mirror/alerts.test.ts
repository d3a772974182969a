import { Duration } from '../../../constructs/core';
import { MIRROR_ALERTS } from '../../../constructs/object-storage/mirror/alerts/catalogue';
import { describeCatalogue } from '../../alerts/catalogue';

describeCatalogue(MIRROR_ALERTS, [
  {
    namespace: 'shop',
    name: 'uploads',
    cronJob: 'uploads-mirror',
    restore: 'uploads-mirror-restore',
    ageLimit: Duration.hours(37),
  },
]);
