import { MONITORING_ALERTS } from '../../constructs/monitoring-alerts';
import { describeCatalogue } from '../alerts/catalogue';

describeCatalogue(MONITORING_ALERTS, [
  {
    namespace: 'monitoring',
    name: 'monitoring',
    jobs: ['kubelet'],
    prometheus: 'prometheus',
    alertmanager: 'alertmanager',
    operator: 'prometheus-operator',
  },
]);
