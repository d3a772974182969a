/** Label by which a pod of a database with replicas says what its server is: `primary`, `replica` or `superseded`. */
export const ROLE_LABEL = 'cdktf-disaster-recovery/role';
