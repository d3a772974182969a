/** Label of what a schedule made, or looks after since it was re-attached: the schedule's name. Nothing else is ever removed. */
export const SCHEDULE_LABEL = 'cdktf-disaster-recovery/snapshot-schedule';

/** Annotation of a re-attached snapshot: the claim that it was taken of. The claim of others is their source. */
export const CLAIM_ANNOTATION = 'cdktf-disaster-recovery/snapshot-claim';

/** Annotation of a re-attached snapshot: when the driver made it. A driver that cannot list snapshots says another time. */
export const CREATED_ANNOTATION = 'cdktf-disaster-recovery/snapshot-created-at';
