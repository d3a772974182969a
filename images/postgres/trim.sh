#!/usr/bin/env bash
# Removes what no pod uses: more than half of the installed size.
set -euo pipefail

# JIT compilation, 180 MB with LLVM. Without its library the server plans without JIT and says nothing.
rm -rf /usr/lib/*/libLLVM* /usr/lib/*/libz3.so* /usr/lib/llvm-* \
  /usr/lib/postgresql/*/lib/bitcode /usr/lib/postgresql/*/lib/llvmjit*

# Debian's wrappers around the client programs need Perl's modules, 50 MB. The programs themselves do not.
for link in /usr/bin/*; do
  if [[ "$(readlink -f "$link")" == /usr/share/postgresql-common/pg_wrapper ]]; then
    program="/usr/lib/postgresql/17/bin/${link##*/}"
    if [[ -x "$program" ]]; then ln -sf "$program" "$link"; else rm "$link"; fi
  fi
done
rm -rf /usr/share/perl /usr/share/perl5 /usr/lib/*/perl /usr/lib/*/libperl.so*

# Sources of locales that were not generated: C.UTF-8 is built in, ICU brings the others.
rm -rf /usr/share/i18n

apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/cache/ldconfig/* /var/log/* /usr/share/doc/*/changelog*
# The classes of Debian's own clusters; ours are started by path.
rm -rf /etc/postgresql /var/lib/postgresql/*
