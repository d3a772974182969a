# Reads what `fs.meta.save` of SeaweedFS writes, as base16 in lines of any length on standard input: entries one after
# the other, each its length in four bytes and then a FullEntry of SeaweedFS' filer.proto. Its numbers of fields are
# SeaweedFS' interface between programs and do not change. Calls entry(), of whoever includes this, for each, with
#   RECORD    the entry in base16, without its length
#   PATH      its path, every byte but A-Z a-z 0-9 - . _ ~ / as %XX: as a URL has it, and without tabs and line ends
#   KIND      directory; file: its content is in chunks; inline: in the entry itself, or it has none, or it is a link;
#             encrypted: by the S3 gateway, with a key that is in its chunks; remote: what another store has;
#             object: an S3 object that is also the folder of others
#   SIZE, MTIME (seconds), CRTIME, TTL (seconds; 0: none), MD5 (base16, or nothing)
#   FID       where its first chunk is: volume, and what SeaweedFS knows it by there
#   IDENTITY  changes whenever the content does: size, time, checksum, and which chunks there are
# With LC_ALL=C, for characters are bytes here.

BEGIN {
  for (i = 0; i < 256; i++) {
    byte = sprintf("%02X", i)
    NUMBER[byte] = i
    character = sprintf("%c", i)
    ENCODED[byte] = (i > 44 && i < 48 || i > 47 && i < 58 || i > 64 && i < 91 || i == 95 || i > 96 && i < 123 || i == 126) ? character : "%" byte
  }
}

{ BUFFER = BUFFER $0 }
length(BUFFER) >= 8 { take_entries() }
END {
  if (FAILED) exit 1
  if (BUFFER != "") { print "the metadata ends in the middle of an entry" >"/dev/stderr"; exit 1 }
  if (!FAILED) finish()
}

function take_entries(   size, at) {
  at = 1
  while (length(BUFFER) - at + 1 >= 8) {
    size = 2 * (((NUMBER[substr(BUFFER, at, 2)] * 256 + NUMBER[substr(BUFFER, at + 2, 2)]) * 256 + NUMBER[substr(BUFFER, at + 4, 2)]) * 256 + NUMBER[substr(BUFFER, at + 6, 2)])
    if (length(BUFFER) - at + 1 < 8 + size) break
    RECORD = substr(BUFFER, at + 8, size)
    at += 8 + size
    read_entry()
    entry()
  }
  BUFFER = substr(BUFFER, at)
}

# A number of seven bits a byte from POSITION on, which moves behind it.
function number(text,   value, factor, digit) {
  value = 0; factor = 1
  do {
    digit = NUMBER[substr(text, POSITION, 2)]
    POSITION += 2
    value += digit % 128 * factor
    factor *= 128
  } while (digit >= 128 && POSITION <= length(text))
  return value
}

# The next field at POSITION: FIELD, and VALUE (a number) or BYTES (base16); WHOLE is all of it. 0 = there is none.
function next_field(text,   begun, tag, wire, size) {
  begun = POSITION
  if (begun > length(text)) return 0
  tag = number(text)
  FIELD = int(tag / 8); wire = tag % 8
  BYTES = ""; VALUE = 0
  if (wire == 0) VALUE = number(text)
  else {
    if (wire == 2) size = 2 * number(text)
    else if (wire == 1) size = 16
    else if (wire == 5) size = 8
    else { print "the metadata has a field of an unknown type" >"/dev/stderr"; FAILED = 1; exit 1 }
    BYTES = substr(text, POSITION, size)
    POSITION += size
  }
  WHOLE = substr(text, begun, POSITION - begun)
  return 1
}

function read_entry(   text, body, attributes, folder, name, directory, chunks, first, last, content, remote, sse, symbolic, nanoseconds) {
  folder = ""; body = ""
  POSITION = 1
  while (next_field(RECORD)) { if (FIELD == 1) folder = BYTES; else if (FIELD == 2) body = BYTES }
  name = ""; directory = 0; chunks = 0; first = ""; last = ""; content = ""; remote = 0; sse = 0; attributes = ""
  POSITION = 1
  while (next_field(body)) {
    if (FIELD == 1) name = BYTES
    else if (FIELD == 2) directory = VALUE
    else if (FIELD == 3) { chunks++; last = BYTES; if (first == "") first = BYTES }
    else if (FIELD == 4) attributes = BYTES
    else if (FIELD == 9) content = BYTES
    else if (FIELD == 10) remote = 1
  }
  SIZE = 0; MTIME = 0; CRTIME = 0; TTL = 0; MD5 = ""; nanoseconds = 0
  POSITION = 1
  while (next_field(attributes)) {
    if (FIELD == 1) SIZE = VALUE
    else if (FIELD == 2) MTIME = VALUE
    else if (FIELD == 6) CRTIME = VALUE
    else if (FIELD == 10) TTL = VALUE
    else if (FIELD == 14) MD5 = tolower(BYTES)
    else if (FIELD == 19) nanoseconds = VALUE
  }
  FID = ""
  if (first != "") {
    POSITION = 1
    while (next_field(first)) {
      if (FIELD == 12 && VALUE > 0) sse = 1
      else if (FIELD == 1) FID = encoded(BYTES)
    }
  }
  PATH = encoded(folder "2F" name)
  gsub("//+", "/", PATH)
  if (directory && chunks > 0) KIND = "object"
  else if (directory) KIND = "directory"
  else if (chunks > 0 && sse) KIND = "encrypted"
  else if (chunks > 0) KIND = "file"
  else if (remote) KIND = "remote"
  else KIND = "inline"
  if (KIND == "inline" && SIZE == 0) SIZE = length(content) / 2
  IDENTITY = sprintf("%.0f:%.0f.%.0f:", SIZE, MTIME, nanoseconds) MD5 ":" chunks ":" first (chunks > 1 ? ":" last : "")
}

function encoded(bytes,   i, text) {
  text = ""
  for (i = 1; i < length(bytes); i += 2) text = text ENCODED[substr(bytes, i, 2)]
  return text
}
