# With entry.awk: entries for what was just uploaded, as they were. Standard input is the metadata of the folder of uploads;
# -v wanted=<file> has lines of: name of the upload, path, entry as it was (base16). What comes out, base16 of a file for
# `fs.meta.load`, has for each the old entry with the chunks, the size and the checksum of the upload.
BEGIN {
  while ((getline line <wanted) > 0) {
    split(line, part, "\t")
    OLD[part[1]] = part[3]
  }
  for (name in NUMBER) HEX[NUMBER[name]] = name
}

function entry(   name) {
  name = PATH
  sub(".*/", "", name)
  if (KIND == "directory") FOLDER = RECORD
  else if (name in OLD) emit(combined(OLD[name], RECORD))
}
# At a folder, `fs.meta.load` waits for what came before.
function finish() { emit(FOLDER) }

function combined(old, new,   folder, body, fresh, attributes, uploaded, text) {
  POSITION = 1
  while (next_field(new)) if (FIELD == 2) fresh = BYTES
  # Chunks (3), or what is small enough to be in the entry (9), and of the attributes size (1) and checksum (14).
  text = ""; uploaded = ""
  POSITION = 1
  while (next_field(fresh)) {
    if (FIELD == 3 || FIELD == 9) text = text WHOLE
    else if (FIELD == 4) uploaded = BYTES
  }
  attributes = ""
  POSITION = 1
  while (next_field(uploaded)) if (FIELD == 1 || FIELD == 14) attributes = attributes WHOLE
  POSITION = 1
  while (next_field(old)) { if (FIELD == 1) folder = WHOLE; else if (FIELD == 2) body = BYTES }
  POSITION = 1
  # Not its chunks, and not what links it to others by number (7, 8): each comes back as a file of its own.
  while (next_field(body)) {
    if (FIELD == 4) attributes = kept_attributes(BYTES) attributes
    else if (FIELD != 3 && FIELD != 7 && FIELD != 8 && FIELD != 9) text = text WHOLE
  }
  text = text "22" length_of(attributes) attributes
  return folder "12" length_of(text) text
}

function kept_attributes(bytes,   at, text) {
  at = POSITION; text = ""
  POSITION = 1
  # Not the inode (17): the filer gives one.
  while (next_field(bytes)) if (FIELD != 1 && FIELD != 14 && FIELD != 17) text = text WHOLE
  POSITION = at
  return text
}

# In bytes, as a number of seven bits a byte.
function length_of(bytes,   n, text) {
  n = length(bytes) / 2; text = ""
  while (n >= 128) { text = text HEX[n % 128 + 128]; n = int(n / 128) }
  return text HEX[n]
}

function emit(record,   n) {
  n = length(record) / 2
  printf "%s%s%s%s", HEX[int(n / 16777216) % 256], HEX[int(n / 65536) % 256], HEX[int(n / 256) % 256], HEX[n % 256]
  print record
}
