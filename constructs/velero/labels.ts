/** Velero leaves alone what has it, wherever it comes upon it. */
export const EXCLUDE_LABEL = 'velero.io/exclude-from-backup';
