# A license as text: what its token says of its end. Its signature is not looked at.
# A part of a token: base64url, which RFC 7515 has without padding; undecodable ones are null.
def decoded:
  sub("=+$"; "")
  | if test("^[A-Za-z0-9_-]+$") and length % 4 != 1
    then . + ["", "", "==", "="][length % 4]
      | try (gsub("-"; "+") | gsub("_"; "/") | @base64d | fromjson) catch null
    else null end;

# RFC 7519 has seconds since 1970, which may have fractions; RFC 3339 ends with the year 9999.
def end_of:
  (sub("^[[:space:]]+"; "") | sub("[[:space:]]+$"; "")) as $token
  | ($token | split(".")) as $parts
  | if $missing then { problem: "there is no file that could be read" }
    elif $token == "" then { problem: "the file is empty" }
    elif ($parts | length) == 5 and ($parts[0] | decoded | type == "object" and has("enc"))
    then { problem: "it is encrypted (JWE): only who has its key knows its end" }
    elif ($parts | length) != 3 or ($parts[0] | decoded | type) != "object" or ($parts[1] | decoded | type) != "object"
    then { problem: "it is no JSON Web Token" }
    else ($parts[1] | decoded) as $claims
      | if $claims | has("exp") | not then { problem: "it has no exp, which would say when it ends" }
        elif ($claims.exp | type) != "number" then { problem: "its exp is no number" }
        elif $claims.exp >= 1 and $claims.exp < 253402300800 then { expiry: ($claims.exp | floor) }
        else { problem: "its exp is no time between 1970 and 9999; are these seconds?" } end
    end;

def in_words: if . >= 172800 then "\(. / 86400 | floor) days" elif . >= 7200 then "\(. / 3600 | floor) h" else "\(. / 60 | floor) min" end;

end_of
| if .expiry == null then { $license, status: "unreadable" } + .
  else .expiry as $until | ($until - $now) as $left
    | { $license,
        status: (if $left <= 0 then "expired" elif $left < $warn then "soon" else "ok" end),
        problem: (if $left <= 0 then "it ended \(-$left | in_words) ago" elif $left < $warn then "it ends in \($left | in_words)" else null end),
        expiry: $until, notAfter: ($until | todate), daysLeft: ($left / 864 | floor / 100) }
  end
