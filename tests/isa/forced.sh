#!/bin/sh
# forced.sh ISA COMMAND...: runs the command with NELBO_ISA=ISA; exit status 77 (skipped) where this machine
# cannot run that ISA. The machine is asked through /proc/cpuinfo, not through the program under test.
set -eu
isa=$1
shift
case $isa in
  avx2) flags="avx2 fma" ;;
  avx512) flags="avx512f avx512cd avx512dq avx512bw avx512vl fma" ;;
  *) flags= ;;
esac
for flag in $flags; do
  if ! grep -m1 '^flags' /proc/cpuinfo | grep -qw "$flag"; then
    echo "skipped: this machine has no $flag"
    exit 77
  fi
done
NELBO_ISA=$isa "$@"
