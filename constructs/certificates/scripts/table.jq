# The results as a table; what is not well comes first.
def word: if . == null then "-" elif . == true then "yes" elif . == false then "NO" else tostring end;
def rank: {"expired": 0, "unreachable": 1, "unreadable": 1, "invalid": 2, "soon": 3}[.] // 4;
[["STATUS", "TARGET", "ADDRESS", "DAYS", "CHAIN", "HOST", "ISSUER", "SERIAL"]]
+ (sort_by(.status | rank) | map([.status, .target, .address, (.daysLeft | if . == null then . else floor end | word), (.chainValid | word), (.hostNameValid | word), (.issuer | word), (.serial | word)]))
| (transpose | map(map(length) | max)) as $widths
| .[] | [., $widths] | transpose | map(.[0] + " " * (.[1] - (.[0] | length))) | join("  ") | sub(" +$"; "")
