# With entry.awk: a line for each upload: its name, size and checksum.
function entry(   name) {
  if (KIND == "directory") return
  name = PATH
  sub(".*/", "", name)
  printf "%s\t%.0f\t%s\n", name, SIZE, (MD5 == "" ? "-" : MD5)
}
function finish() {}
