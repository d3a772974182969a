import { POSTGRES_ALERTS } from '../../constructs/postgres/alerts/catalogue';
import { describeCatalogue } from '../alerts/catalogue';

describeCatalogue(POSTGRES_ALERTS, [{ namespace: 'shop', name: 'orders', replicas: 1 }]);
