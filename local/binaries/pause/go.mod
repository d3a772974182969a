module cdktf-disaster-recovery/local/pause

go 1.24.0
