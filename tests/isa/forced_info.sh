#!/bin/sh
# forced_info.sh ISA NELBO [EMULATOR...]: `nelbo info` must name the ISA, and two steps of training must work.
# With an emulator, which is skipped (77) when it is not installed, NELBO_ISA stays unset: the program has to
# find out by itself what the emulated machine can do.
set -eu
isa=$1
nelbo=$2
shift 2
if [ $# -gt 0 ]; then
  command -v "$1" >/dev/null || { echo "skipped: $1 is not installed"; exit 77; }
  unset NELBO_ISA
else
  NELBO_ISA=$isa
  export NELBO_ISA
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$@" "$nelbo" info | tee "$folder/info"
grep -q "^isa *$isa\>" "$folder/info" || { echo "info does not name $isa"; exit 1; }
"$@" "$nelbo" train --data sprites:32 --model mlp --hidden 16 --latent 2 --steps 2 --batch 8 --seed 1 \
  --threads 1 --out "$folder/run" --json >"$folder/result"
grep -q "\"isa\": *\"$isa\"" "$folder/result" || { cat "$folder/result"; echo "training did not use $isa"; exit 1; }
