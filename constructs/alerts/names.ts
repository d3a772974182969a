/** Name of the alert that always fires: receivers of it are told when it does not. */
export const WATCHDOG = 'Watchdog';

/** Name of the alert that must not take the way it speaks of. */
export const NOTIFICATIONS_FAILING = 'AlertmanagerNotificationsFailing';
