#!/bin/sh
# symbols.sh NM ISA OBJECT... [-- ISA OBJECT...]...
# The same source compiled for several ISAs must not define one symbol twice: the linker would keep a single
# copy for all, and a machine without the wider registers would die in it. So no external symbol may be defined
# for two ISAs, and what the wider ISAs define weakly must carry the ISA in its name, or it could also replace
# the rest of the program's copy.
set -eu
allowed='^DW\.ref\.__gxx_personality_v0$'

nm=$1
shift
list=$(mktemp)
trap 'rm -f "$list"' EXIT
while [ $# -gt 0 ]; do
  isa=$1
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    "$nm" -P --defined-only --extern-only "$1" | awk -v isa="$isa" 'NF >= 2 {print isa, $2, $1}' >>"$list"
    shift
  done
  [ $# -eq 0 ] || shift
done

awk -v allowed="$allowed" '
  $3 ~ allowed { next }
  !(($1, $3) in seen) {
    seen[$1, $3] = 1
    count[$1]++
    where[$3] = where[$3] " " $1
    if (++isas[$3] == 2) shared[++n] = $3
    if ($1 != "sse2" && $1 != "generic" && $2 ~ /^[VWu]$/ && index($3, $1) == 0) unnamed[++m] = $3
  }
  END {
    for (isa in count) printf "%s: %d external symbols\n", isa, count[isa]
    for (i = 1; i <= n; i++) print "shared by" where[shared[i]] ": " shared[i]
    for (i = 1; i <= m; i++) print "weak, without its ISA in the name (" where[unnamed[i]] " ): " unnamed[i]
    if (NR == 0) print "no symbols were read"
    exit (n + m > 0 || NR == 0)
  }' "$list"
