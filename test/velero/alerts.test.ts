import { VELERO_SCHEDULE_ALERTS } from '../../constructs/velero/alerts/schedule/catalogue';
import { VELERO_SERVER_ALERTS } from '../../constructs/velero/alerts/server/catalogue';
import { describeCatalogue } from '../alerts/catalogue';

const where = { namespace: 'velero', environment: 'staging', location: 'vault', bucket: 'staging-vault' };

describeCatalogue(VELERO_SCHEDULE_ALERTS, [{ name: 'cluster', ...where, maximumAge: 18_000 }]);
describeCatalogue(VELERO_SERVER_ALERTS, [{ name: 'velero', ...where }]);
