// Loaded before tsx, which has Node follow source maps from then on: those inside the framework and its largest
// bindings are megabytes that nobody reads, and cost a synth a fifth of its time and 90 MB. Our own stay.
require('cdktf');
require('@cdktf/provider-kubernetes/lib/cron-job-v1');
require('@cdktf/provider-kubernetes/lib/job-v1');
require('@cdktf/provider-kubernetes/lib/stateful-set-v1');
