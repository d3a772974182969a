import { Duration, Schedule, SecretRef, type Size } from '../constructs/core';
import type { DatabaseDeclaration } from './environment';

/** The database of the reference platform; environments differ in its size, its objectives and its pace. */
export function orders(
  different: Pick<DatabaseDeclaration, 'objectives'> &
    Partial<DatabaseDeclaration> & { readonly storage: Size; readonly expectedSize: Size },
): DatabaseDeclaration {
  return {
    name: 'orders',
    criticality: 'critical',
    degradedMode: {
      impact: 'no order can be taken',
      workaround: 'none: orders wait until the restore is done',
    },
    backups: {
      full: Schedule.weekly({ on: 'sunday', hour: 2 }),
      differential: Schedule.cron('0 2 * * 1-6'),
    },
    retention: { full: 4, differential: 7 },
    dumps: { schedule: Schedule.daily({ hour: 4 }), keep: Duration.days(14) },
    superuserPassword: SecretRef.variable('orders_superuser_password', {
      description: 'password of the superuser of orders',
    }),
    application: {
      role: 'orders_app',
      database: 'orders',
      password: SecretRef.variable('orders_app_password', {
        description: 'password of the role orders_app',
      }),
    },
    ...different,
  };
}
