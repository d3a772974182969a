# The results as Prometheus' text. Of what could not be read there is no expiry: it is neither far nor near.
def series($name; $help; value):
  "# HELP disaster_recovery_certificate_\($name) \($help)",
  "# TYPE disaster_recovery_certificate_\($name) gauge",
  (.[] | select(value != null) | "disaster_recovery_certificate_\($name){target=\(.target | tojson),kind=\(.kind | tojson)} \(value)");
def bit: if . == null then null elif . then 1 else 0 end;

series("check_timestamp_seconds"; "When it was looked at."; $now),
series("readable"; "Whether there is a certificate: 0 when out of reach, missing or garbage."; .readable | bit),
series("expiry_timestamp_seconds"; "When it ends."; .expiry),
series("chain_expiry_timestamp_seconds"; "When it or who issued it ends, whichever is first."; .chainExpiry),
series("days_left"; "Days until it ends, when it was looked at."; .daysLeft),
series("chain_valid"; "Whether its chain leads to the authority."; .chainValid | bit),
series("hostname_valid"; "Whether it names its hosts."; .hostNameValid | bit)
