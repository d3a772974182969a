# With entry.awk: folders of uploads that were begun before -v before=<seconds since the epoch>, as their names say.
function entry(   name) {
  if (KIND != "directory" || PATH !~ /^\/\.disaster-recovery\/[0-9]+-[^\/]*$/) return
  name = PATH
  sub(".*/", "", name)
  if (int(name) <= before) print PATH
}
function finish() {}
