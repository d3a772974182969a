#!/usr/bin/env bash
# Applies this recovery kit to a cluster, from its first layer to its last.
# It may be run again at any time. Needs bash, coreutils and kubectl, and helm
# where the kit has Helm releases.
set -euo pipefail
# Texts are bytes here: a value must arrive as it was given, whatever the locale.
LC_ALL=C

kit=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<'TEXT'
Usage: apply [options]

  --context NAME       the kubeconfig context to use; default: the current one
  --dry-run            let the API server check everything and change nothing
  --wait               wait for the last layer too, until its workloads are ready
  --timeout SECONDS    for each wait; default 600
  --layer NAME         apply this layer only; may be repeated
  --without-monitoring leave out what only watches the platform, and Velero's location and schedules
  --velero             apply Velero's location and schedules only
  --monitoring         apply what only watches the platform
  --force-conflicts    take over fields that somebody else has set
  --help               this text

Environment:
  KUBECONFIG           as for kubectl
  KUBECTL, HELM        the commands to run; default kubectl and helm
  TF_VAR_*             the values that the file `variables` names

Exit status:
  0                    everything is applied
  1                    something is not: the last line says what, and what to do
  3                    everything is, but for what only watches it, or Velero's part: the same
TEXT
}

# fail WHAT FIX: one line that says what is wrong and what to do.
fail() {
  printf 'ERROR %s — FIX: %s\n' "$1" "$2" >&2
  exit 1
}

# ---------------------------------------------------------------- options

context=''
dry_run=''
wait_last=''
timeout=600
force=''
layers=()
part=''
arguments=("$@")
while (($# > 0)); do
  case $1 in
    --context | --timeout | --layer)
      (($# > 1)) || fail "$1 needs a value" 'see apply --help'
      case $1 in
        --context) context=$2 ;;
        --timeout) timeout=$2 ;;
        --layer) layers+=("$2") ;;
      esac
      shift
      ;;
    --dry-run) dry_run=yes ;;
    --wait) wait_last=yes ;;
    --force-conflicts) force=yes ;;
    --without-monitoring | --velero | --monitoring) part=${1#--} ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) fail "apply has no option $1" 'see apply --help' ;;
  esac
  shift
done
[[ $timeout =~ ^[1-9][0-9]*$ ]] || fail "--timeout $timeout is no number of seconds" 'give a whole number, for example --timeout 600'

read -r -a kubectl <<<"${KUBECTL:-kubectl}"
read -r -a helm <<<"${HELM:-helm}"
if [[ -n $context ]]; then
  kubectl+=(--context "$context")
  helm+=(--kube-context "$context")
fi

# Layers of which nothing else may wait, each between blanks: those of an operator that may be missing.
watching=' ' velero=' '
while IFS='|' read -r word _ name _ apart; do
  [[ $word == layer ]] || continue
  case $apart in
    watches) watching+="$name " ;;
    velero) velero+="$name " ;;
  esac
done <"$kit/plan"

# wanted LAYER: is this layer to be applied, by this run itself?
wanted() {
  local one
  if ((${#layers[@]} == 0)); then
    case $part in
      monitoring) [[ $watching == *" $1 "* ]] ;;
      velero) [[ $velero == *" $1 "* ]] ;;
      *) [[ $watching$velero != *" $1 "* ]] ;;
    esac
    return
  fi
  for one in "${layers[@]}"; do
    [[ $one != "$1" ]] || return 0
  done
  return 1
}

# ------------------------------------------------------------- preflight

problems=()
problem() { problems+=("ERROR $1 — FIX: $2"); }

check_layers() {
  local one word folder name rest known
  ((${#layers[@]} > 0)) || return 0
  for one in "${layers[@]}"; do
    known=''
    while IFS='|' read -r word folder name rest; do
      [[ $word != layer || $name != "$one" ]] || known=yes
    done <"$kit/plan"
    [[ -n $known ]] || problem "the kit has no layer $one" 'README.md lists the layers'
  done
}

# placeholder VALUE SECRET: is it something that was meant to be replaced?
placeholder() {
  local result=1 value=$1
  value=${value#"${value%%[![:space:]]*}"}
  value=${value%"${value##*[![:space:]]}"}
  shopt -s nocasematch
  case $value in
    *change[-_\ ]me* | *changeme* | *replace[-_\ ]me* | placeholder | todo | tbd | xxx | '<'*'>') result=0 ;;
    secret | password) [[ $2 != secret ]] || result=0 ;;
  esac
  shopt -u nocasematch
  return "$result"
}

# Every value the kit needs is read once, into value_NAME.
check_variables() {
  local name secret form required fallback users user description needed source value
  while IFS='|' read -r name secret form required fallback users description; do
    needed=''
    IFS=',' read -r -a users <<<"$users"
    for user in "${users[@]}"; do
      ! wanted "$user" || needed=yes
    done
    [[ -n $needed ]] || continue
    source=TF_VAR_$name
    if [[ -n ${!source+set} ]]; then
      value=${!source}
    elif [[ $required == optional ]]; then
      # The mark at the end keeps line breaks that $( ) would cut off.
      value=$(printf %s "$fallback" | base64 -d && printf .)
      value=${value%.}
    else
      problem "$source is not set${description:+: $description}" "export $source=…"
      continue
    fi
    if [[ $secret == secret && -z ${value//[[:space:]]/} ]]; then
      problem "$source is empty${description:+: $description}" "export $source=… with the real value"
    elif placeholder "$value" "$secret"; then
      problem "$source holds a placeholder${description:+: $description}" "export $source=… with the real value"
    elif [[ $form == integer && ! $value =~ ^-?[0-9]+$ ]]; then
      problem "$source is no whole number" "export $source=…"
    elif [[ $form == boolean && $value != true && $value != false ]]; then
      problem "$source is neither true nor false" "export $source=true, or false"
    fi
    printf -v "value_$name" %s "$value"
  done <"$kit/variables"
}

check_tools() {
  local releases=''
  if ! command -v "${kubectl[0]}" >/dev/null; then
    problem "${kubectl[0]} is not installed" 'install kubectl, or name the command in KUBECTL'
  elif ! "${kubectl[@]}" get --raw /readyz --request-timeout=10s >/dev/null 2>&1; then
    problem 'the API server does not answer' "check KUBECONFIG and --context with: ${kubectl[*]} get --raw /readyz"
  fi
  ! grep_plan release || releases=yes
  if [[ -n $releases ]] && ! command -v "${helm[0]}" >/dev/null; then
    problem "${helm[0]} is not installed, and the kit has Helm releases" 'install helm 3.13 or later, or name the command in HELM'
  fi
}

# grep_plan WORD: does a wanted layer have such a line?
grep_plan() {
  local word folder name rest in=''
  while IFS='|' read -r word folder name rest; do
    if [[ $word == layer ]]; then
      in=''
      ! wanted "$name" || in=yes
    fi
    [[ -z $in || $word != "$1" ]] || return 0
  done <"$kit/plan"
  return 1
}

preflight() {
  local one
  check_layers
  check_variables
  check_tools
  ((${#problems[@]} > 0)) || return 0
  for one in "${problems[@]}"; do
    printf '%s\n' "$one" >&2
  done
  fail "nothing was applied, for the reasons above (${#problems[@]})" 'put all of them right, then run apply again'
}

# ------------------------------------------------------------- rendering

# escape TEXT: the inside of a double-quoted YAML text, in REPLY.
escape() {
  local text=$1 code character
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\r'/\\r}
  text=${text//$'\t'/\\t}
  if [[ $text == *[$'\001'-$'\037'$'\177']* ]]; then
    for code in 01 02 03 04 05 06 07 08 0b 0c 0e 0f 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 7f; do
      printf -v character %b "\\x$code"
      text=${text//"$character"/\\u00$code}
    done
  fi
  REPLY=$text
}

# Markers are filled in one pass, line by line, so that a value that looks like
# a marker stays what it is. fill TEXT WHERE: the text without markers, in REPLY.
fill() {
  local text=$1 where=$2 result='' line rest body form name value variable
  while IFS= read -r line || [[ -n $line ]]; do
    rest=$line
    while [[ $rest == *'@{{'* ]]; do
      result+=${rest%%'@{{'*}
      rest=${rest#*'@{{'}
      body=${rest%%'}}'*}
      rest=${rest#*'}}'}
      form=${body%%:*}
      name=${body#*:}
      value=''
      if [[ $form != open && $form != base64 ]]; then
        variable=value_$name
        [[ -n ${!variable+set} ]] || fail "$where needs $name, which the file variables does not name" 'write the kit anew'
        value=${!variable}
      fi
      case $form in
        open) result+='@{{' ;;
        raw) result+=$value ;;
        text)
          escape "$value"
          result+=$REPLY
          ;;
        integer | boolean) result+=$value ;;
        base64)
          encode "$name" "$where"
          result+=$REPLY
          ;;
        *) fail "$where has a marker that apply does not know: $form" 'write the kit anew' ;;
      esac
    done
    result+=$rest$'\n'
  done < <(printf %s "$text")
  # The last line had no line break, or it is put back here.
  [[ $text == *$'\n' ]] || result=${result%$'\n'}
  REPLY=$result
}

# encode BASE64 WHERE: the template in it, filled, as base64 again, in REPLY.
encode() {
  local text
  text=$(printf %s "$1" | base64 -d && printf .)
  fill "${text%.}" "$2"
  REPLY=$(printf %s "$REPLY" | base64 | tr -d '\n')
}

# document FILE: what is to be applied, in REPLY.
document() {
  local text
  text=$(cat -- "$kit/$1" && printf .)
  REPLY=${text%.}
  [[ $1 != *.template ]] || fill "$REPLY" "$1"
}

# --------------------------------------------------------------- applying

batch=()
batch_count=0
batch_manager=''
batch_force=''
batch_scope=''
applied=0
unchecked=0
namespaces=''
kinds=''

# What the cluster has, so that a dry run can tell what it cannot check yet.
look_around() {
  local listed name short version scoped kind
  namespaces=" $("${kubectl[@]}" get namespaces --output 'jsonpath={.items[*].metadata.name}') "
  listed=$("${kubectl[@]}" api-resources --no-headers) || true
  kinds=$'\n'
  # The short names are missing in most lines, so the columns are counted from the scope on.
  while read -r name short version scoped kind _; do
    if [[ $version == true || $version == false ]]; then
      kind=$scoped
      version=$short
    fi
    # A server names its preferred version only, and serves others.
    kinds+="$(group "$version") $kind"$'\n'
  done <<<"$listed"
}

# group API_VERSION: apps/v1 → apps, v1 → nothing.
group() {
  [[ $1 != */* ]] || printf %s "${1%/*}"
}

# checkable API_VERSION KIND NAMESPACE: can the API server judge this object now?
checkable() {
  [[ $kinds == *$'\n'"$(group "$1") $2"$'\n'* ]] || return 1
  # Of objects whose namespace is still to be made, all but a Pod can be judged in
  # another: a Pod needs its service account.
  has_namespace "$3" || [[ $2 != Pod ]]
}

has_namespace() {
  [[ -z $1 || $namespaces == *" $1 "* ]]
}

# stand_in NAMESPACE: moves the document in REPLY to the namespace default.
stand_in() {
  local before
  before=${REPLY%%$'\n'"  namespace: $1"$'\n'*}
  [[ $before != "$REPLY" ]] || return 0
  REPLY=$before$'\n  namespace: default'${REPLY#"$before"$'\n'"  namespace: $1"}
}

add_object() {
  local file=$1 version=$2 kind=$3 namespace=$4 manager=$6 force_it=$7 scope=$8
  if [[ -n $dry_run ]] && ! checkable "$version" "$kind" "$namespace"; then
    unchecked=$((unchecked + 1))
    return 0
  fi
  if [[ $manager != "$batch_manager" || $force_it != "$batch_force" || $scope != "$batch_scope" ]]; then
    flush
    batch_manager=$manager batch_force=$force_it batch_scope=$scope
  fi
  document "$file"
  [[ -z $dry_run ]] || has_namespace "$namespace" || stand_in "$namespace"
  batch+=("$REPLY")
  batch_count=$((batch_count + 1))
}

# Sends what was gathered, in its order, over a pipe: values never stand among
# the arguments of a process, nor in a file.
flush() {
  local options=(--server-side "--field-manager=$batch_manager" --validate=strict) said failed=''
  ((batch_count > 0)) || return 0
  [[ -z $force$batch_force ]] || options+=(--force-conflicts)
  [[ -z $dry_run ]] || options+=(--dry-run=server)
  # Terraform's default for manifests that name no namespace.
  [[ -z $batch_scope ]] || options+=(--namespace default)
  { said=$(send "${options[@]}" 2>&1 >&3); } 3>&1 || failed=yes
  if [[ -n $failed ]] && only_from_terraform "$said"; then
    echo "taking over fields of the layer $layer that Terraform has set"
    failed=''
    { said=$(send "${options[@]}" --force-conflicts 2>&1 >&3); } 3>&1 || failed=yes
  fi
  [[ -z $said ]] || printf '%s\n' "$said" >&2
  [[ -z $failed ]] || explain "$said"
  applied=$((applied + batch_count))
  batch=()
  batch_count=0
}

send() {
  printf -- '---\n%s\n' "${batch[@]}" | "${kubectl[@]}" apply "$@" --filename -
}

# only_from_terraform TEXT: does kubectl complain of conflicts with Terraform alone?
# Its typed resources write as "HashiCorp", and own lists whose order or defaults
# they spell another way: the same declaration, so nobody else's work is lost.
only_from_terraform() {
  local rest=$1 found=''
  while [[ $rest =~ conflicts?\ with\ \"([^\"]*)\"(.*)$ ]]; do
    rest=${BASH_REMATCH[2]}
    [[ ${BASH_REMATCH[1]} == HashiCorp || ${BASH_REMATCH[1]} == Terraform ]] || return 1
    found=yes
  done
  [[ -n $found ]]
}

# unknown_kinds TEXT: the kinds that kubectl did not find, each once. It names them otherwise where it remembers those of
# an earlier cluster at the same address.
unknown_kinds() {
  local line known='' one
  while IFS= read -r line; do
    [[ $line =~ no\ matches\ for\ kind\ \"([^\"]*)\"\ in\ version\ \"([^\"]*)\" ]] ||
      [[ $line =~ requested\ resource\ \(patch\ ([a-z0-9]*)\.([^\ ]*)\  ]] || continue
    one="${BASH_REMATCH[1]} (${BASH_REMATCH[2]})"
    [[ ", $known, " == *", $one, "* ]] || known+="${known:+, }$one"
  done <<<"$1"
  printf %s "${known:-a kind of object}"
}

# explain TEXT: ends the run with the likely cause of what kubectl said.
explain() {
  local what
  case $1 in
    *conflict*) fail "somebody else has set fields that the kit sets (layer $layer)" 'look at the managers named above; to take the fields over, run apply --force-conflicts' ;;
    *'field is immutable'* | *'updates to statefulset spec'*) fail "an object exists with another content in fields that cannot change (layer $layer)" 'delete the object named above (a StatefulSet with --cascade=orphan, so that its pods and volumes stay), then run apply again' ;;
    *'no matches for kind'* | *'could not find the requested resource (patch '*) fail "the cluster does not know $(unknown_kinds "$1") (layer $layer)" 'install the operator that brings the definitions (a layer below may do that), then run apply again' ;;
    *'namespaces "'*'" not found'*)
      what=${1#*namespaces \"}
      fail "there is no namespace ${what%%\"*} (layer $layer)" 'make it, or install what runs there, then run apply again'
      ;;
    *'unknown field'*) fail "the API server knows no such field (layer $layer)" 'compare the version of Kubernetes with the one the platform was written for' ;;
    *orbidden*) fail "this account may not do that (layer $layer)" 'use the kubeconfig of a cluster administrator' ;;
    *) fail "the API server refused an object of the layer $layer" 'read what kubectl said above, put it right, then run apply again' ;;
  esac
}

install_release() {
  local folder=$1 namespace=$2 name=$3 chart='' line arguments=() values
  while IFS= read -r line; do
    if [[ -z $chart ]]; then chart=$line; else arguments+=("$line"); fi
  done <"$kit/$folder/arguments"
  [[ $chart != charts/* ]] || chart=$kit/$chart
  [[ -z $dry_run ]] || arguments+=(--dry-run=server)
  values=$folder/values.yaml
  [[ -e $kit/$values ]] || values=$folder/values.yaml.template
  document "$values"
  printf 'helm upgrade --install %s (namespace %s)\n' "$name" "$namespace"
  if ! printf %s "$REPLY" | "${helm[@]}" upgrade --install "$name" "$chart" --namespace "$namespace" ${arguments[@]+"${arguments[@]}"} --values - >/dev/null; then
    if [[ -n $dry_run ]]; then
      unchecked=$((unchecked + 1))
      printf 'not checked: the release %s; see what helm said above\n' "$name"
      return 0
    fi
    fail "helm could not install the release $name" "read what helm said above; then: ${helm[*]} status $name --namespace $namespace"
  fi
  applied=$((applied + 1))
}

# ---------------------------------------------------------------- waiting

wait_for() {
  local what=$1 kind=$2 namespace=$3 name=$4 limit=$5 more=${6-} status=${7-} target=() ok=''
  ((limit > 0)) || limit=$timeout
  printf 'waiting for %s %s%s\n' "$kind" "${namespace:+$namespace/}" "$name"
  [[ -z $namespace ]] || target+=(--namespace "$namespace")
  case $what in
    rollout) "${kubectl[@]}" rollout status "$kind/$name" ${target[@]+"${target[@]}"} "--timeout=${limit}s" >/dev/null && ok=yes ;;
    established) "${kubectl[@]}" wait --for=condition=Established "$kind/$name" "--timeout=${limit}s" >/dev/null && ok=yes ;;
    condition) "${kubectl[@]}" wait "--for=condition=$more=$status" "$kind/$name" ${target[@]+"${target[@]}"} "--timeout=${limit}s" >/dev/null && ok=yes ;;
    ready) poll "$limit" "{.status.readyReplicas}" "^$more\$" '' && ok=yes ;;
    field) poll "$limit" "{.$more}" "$(printf %s "$status" | base64 -d)" '' && ok=yes ;;
    job) poll "$limit" '{.status.conditions[?(@.status=="True")].type}' Complete Failed && ok=yes ;;
    *) fail "apply does not know how to wait for $what" 'write the kit anew' ;;
  esac
  [[ -n $ok ]] || fail "$kind ${namespace:+$namespace/}$name is not ready after $limit seconds, or has failed (layer $layer)" "look at it: ${kubectl[*]} describe $kind $name${namespace:+ --namespace $namespace}; then run apply again"
}

# poll LIMIT JSONPATH GOOD BAD: until the field matches GOOD; not after it matches BAD.
poll() {
  local limit=$1 path=$2 good=$3 bad=$4 started=$SECONDS seen=''
  [[ $good != '^0$' ]] || good='^0?$'
  while :; do
    seen=$("${kubectl[@]}" get "$kind/$name" ${target[@]+"${target[@]}"} --output "jsonpath=$path" 2>/dev/null) || seen=''
    if [[ -n $bad && $seen =~ $bad ]]; then return 1; fi
    if [[ $seen =~ $good ]]; then return 0; fi
    ((SECONDS - started < limit)) || return 1
    sleep 2
  done
}

# ------------------------------------------------------------------- run

preflight
[[ -z $dry_run ]] || look_around

layer=''
number=0
while IFS='|' read -r word one two three four five six seven eight <&9; do
  if [[ $word == layer ]]; then
    flush
    layer=''
    wanted "$two" || continue
    layer=$two
    number=$((number + 1))
    printf 'layer %s: %s objects\n' "$layer" "$three"
    continue
  fi
  [[ -n $layer ]] || continue
  case $word in
    object) add_object "$one" "$two" "$three" "$four" "$five" "$six" "$seven" "$eight" ;;
    release)
      flush
      install_release "$one" "$two" "$three"
      ;;
    wait | wait-last)
      flush
      [[ -z $dry_run ]] || continue
      [[ $word == wait || -n $wait_last ]] || continue
      wait_for "$one" "$two" "$three" "$four" "$five" "$six" "$seven"
      ;;
    *) fail "the plan has a line that apply does not know: $word" 'write the kit anew' ;;
  esac
done 9<"$kit/plan"
flush

if [[ -n $dry_run ]]; then
  printf 'checked %s objects, nothing was changed\n' "$applied"
  ((unchecked == 0)) || printf 'not checked: %s objects that need something which does not exist in the cluster yet\n' "$unchecked"
else
  printf 'applied %s objects\n' "$applied"
fi

# What may wait comes last, each in a run of its own: whatever is wrong with it, the rest is complete by now.
[[ -z $part && ${#layers[@]} -eq 0 ]] || exit 0
how=applied
[[ -z $dry_run ]] || how=checked

# apart PART WHAT: one of these runs; what is wrong is told, with the last line in `missing`.
missing=''
apart() {
  local said failed='' last
  { said=$("$BASH" "$kit/apply" ${arguments[@]+"${arguments[@]}"} "--$1" 2>&1 >&3); } 3>&1 || failed=yes
  if [[ -z $failed ]]; then
    [[ -z $said ]] || printf '%s\n' "$said" >&2
    return
  fi
  last=${said##*$'\n'}
  [[ $last == "$said" ]] || printf '%s\n' "${said%$'\n'*}" >&2
  [[ -z $missing ]] || printf '%s\n' "$missing" >&2
  missing="ERROR everything is $how but $2: ${last#ERROR }"
}

[[ $velero == ' ' ]] || apart velero "Velero's location and schedules"
[[ $watching == ' ' ]] || apart monitoring 'what watches it'
[[ -n $missing ]] || exit 0
printf '%s\n' "$missing" >&2
exit 3
