import { CERTIFICATE_ALERTS } from '../../constructs/certificates/alerts/certificate/catalogue';
import { Duration } from '../../constructs/core';
import { describeCatalogue } from '../alerts/catalogue';

const certificate = { namespace: 'shop', secretName: 'shop-tls', issuer: 'ClusterIssuer/letsencrypt' };

describeCatalogue(CERTIFICATE_ALERTS, [
  { ...certificate, name: 'ninety-days', renewBefore: Duration.days(30) },
  { ...certificate, name: 'a-day', renewBefore: Duration.hours(8) },
]);
