# With entry.awk: a line for each entry at and below -v under=/a/path, and for the folders it is in, apart from what SeaweedFS,
# or a restore of ours, has there for a while: path, kind, identity, size, mtime, md5, when it expires (0: never), where its
# first chunk is, and with -v records=1 the entry itself, in base16. Separated by tabs.
function entry() {
  if (PATH == "/" || PATH == "") return
  if (index(PATH, "/topics/.system/") == 1 || PATH ~ /^\/buckets\/[^\/]+\/\.uploads(\/|$)/ || PATH ~ /^\/\.disaster-recovery(\/|$)/) return
  if (under != "/" && index(PATH "/", under "/") != 1 && index(under "/", PATH "/") != 1) return
  printf "%s\t%s\t", PATH, KIND
  printf "%s", IDENTITY
  printf "\t%.0f\t%.0f\t%s\t%.0f", SIZE, MTIME, (MD5 == "" ? "-" : MD5), (TTL > 0 && KIND != "directory" ? CRTIME + TTL : 0)
  printf "\t%s", (FID == "" ? "-" : FID)
  if (records) { printf "\t"; printf "%s", RECORD }
  printf "\n"
}
function finish() {}
