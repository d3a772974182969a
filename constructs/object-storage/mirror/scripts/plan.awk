# What a run has to do about each object, from what is known of it. In, a line for each: name; bytes and time at the
# source; bytes and time in the mirror; bytes and time at the source, and time in the mirror, when the last complete run
# left it; bytes and time at the source that an interrupted attempt meant to copy, and when that began. What is not known
# is "-". Out: what to do, name, bytes and time at the source:
#   =  the mirror has it       A  it is new                   C  it has changed: what was there is kept
#   M  the mirror's copy was altered by others, or is damaged  R  it is gone at the source
BEGIN { FS = OFS = "\t" }
$2 == "-" { print "R", $1, $4, "-"; next }
$4 == "-" { print "A", $1, $2, $3; next }
# Times are compared as text: they are years first, and have one length.
$2 == $4 && $2 == $6 && $3 == $7 && $5 == $8 { print "=", $1, $2, $3; next }
$2 == $4 && $2 == $9 && $3 == $10 && $5 >= $11 { print "=", $1, $2, $3; next }
$2 == $6 && $3 == $7 { print "M", $1, $2, $3; next }
{ print "C", $1, $2, $3 }
