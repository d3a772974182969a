#!/usr/bin/env bash
# Runs shellcheck on every shell file of the checkout: *.sh and files with a shell's first line (such as the kit's
# `apply`), tracked or new but not ignored, and on every kit that was written by a synth.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v shellcheck >/dev/null; then
  echo 'ERROR shellcheck is not installed — FIX: apt-get install shellcheck, or brew install shellcheck' >&2
  exit 1
fi

files=()
while IFS= read -r -d '' file; do
  if [[ ! -f $file || -L $file ]]; then continue; fi
  if [[ $file == *.sh ]]; then
    files+=("$file")
  elif [[ ${file##*/} != *.* ]]; then
    IFS= read -r first <"$file" 2>/dev/null || true
    if [[ $first =~ ^#!.*[/\ ](ba|da)?sh( |$) ]]; then files+=("$file"); fi
  fi
done < <(git ls-files -z --cached --others --exclude-standard)
shopt -s nullglob
for file in cdktf.out/recovery/*/kit/apply; do files+=("$file"); done

if ((${#files[@]} == 0)); then
  echo 'ERROR no shell file was found — FIX: run this inside the git checkout' >&2
  exit 1
fi
# What scripts of several concerns share lies with one of them; a pod has all its scripts in one folder.
shellcheck --external-sources --source-path=SCRIPTDIR --source-path=constructs/workloads/scripts \
  --source-path=constructs/object-storage/scripts "${files[@]}"
echo "shellcheck: ${#files[@]} files are clean"
