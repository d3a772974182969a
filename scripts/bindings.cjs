// Loaded before tsx, which has Node follow source maps from then on: those inside the largest bindings, and the
// framework that they load, are megabytes that nobody reads, and cost a synth a third of its time. Our own stay.
require('@cdktf/provider-kubernetes/lib/cron-job-v1');
require('@cdktf/provider-kubernetes/lib/job-v1');
require('@cdktf/provider-kubernetes/lib/stateful-set-v1');
