/** rclone, where Debian's package puts it. */
export const RCLONE = '/usr/bin/rclone';
