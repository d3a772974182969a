import { Duration, Size } from '../../constructs/core';
import { POSTGRES_ALERTS } from '../../constructs/postgres/alerts/catalogue';
import type { DatabaseSubject } from '../../constructs/postgres/alerts/subject';
import { describeCatalogue } from '../alerts/catalogue';

const subject: DatabaseSubject = {
  namespace: 'shop',
  name: 'orders',
  environment: 'production',
  replicas: 2,
  archiveTimeout: Duration.seconds(60),
  schedules: [
    { type: 'full', longestGap: Duration.days(7), delay: Duration.minutes(5) },
    { type: 'diff', longestGap: Duration.days(2), delay: Duration.minutes(3) },
    { type: 'incr', longestGap: Duration.hours(6), delay: Duration.minutes(7) },
  ],
  repositories: [1, 3],
  stanza: 'orders',
  size: Size.gibibytes(50),
  dumps: true,
  objectives: { rpo: Duration.minutes(5), rto: Duration.minutes(30) },
  freezeMaxAge: 200_000_000,
};

describeCatalogue(POSTGRES_ALERTS, [subject]);
