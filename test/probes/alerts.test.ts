import { PROBE_ALERTS } from '../../constructs/probes/alerts/catalogue';
import { describeCatalogue } from '../alerts/catalogue';

describeCatalogue(PROBE_ALERTS, [
  { namespace: 'shop', name: 'front', targets: ['https://shop.example.com/healthz'] },
]);
