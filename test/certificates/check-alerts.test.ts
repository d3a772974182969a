import { CERTIFICATE_CHECK_ALERTS } from '../../constructs/certificates/alerts/check/catalogue';
import { Duration } from '../../constructs/core';
import { describeCatalogue } from '../alerts/catalogue';

describeCatalogue(CERTIFICATE_CHECK_ALERTS, [
  {
    namespace: 'shop',
    name: 'public',
    cronJob: 'public-certificate-check',
    gap: Duration.minutes(90),
    targets: [
      { name: 'front', kind: 'endpoint', warnSeconds: 2_592_000, namesHosts: true },
      { name: 'front-tls', kind: 'secret', warnSeconds: 864_000, namesHosts: false },
    ],
    pairs: [{ endpoint: 'front', secret: 'front-tls' }],
  },
]);
