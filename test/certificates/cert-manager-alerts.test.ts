import { CERT_MANAGER_ALERTS } from '../../constructs/certificates/alerts/cert-manager/catalogue';
import { describeCatalogue } from '../alerts/catalogue';

describeCatalogue(CERT_MANAGER_ALERTS, [{ namespace: 'cert-manager', name: 'cert-manager', acme: true }]);
