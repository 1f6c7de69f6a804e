#!/bin/sh
# run.sh CMAKE GENERATOR BUILD SOURCE: installs the build into an empty prefix and builds users' programs on it.
set -eu
cmake=$1
generator=$2
build=$3
source=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$cmake" --install "$build" --prefix "$folder/prefix" >"$folder/log" || { cat "$folder/log"; exit 1; }
"$cmake" -G "$generator" -S "$source/tests/consumer" -B "$folder/build" -DCMAKE_PREFIX_PATH="$folder/prefix" \
  -DNELBO_EXAMPLES="$source/examples"
"$cmake" --build "$folder/build"
cd "$folder"
"$folder/build/consumer/consumer"
"$folder/build/vae"
"$folder/build/program" --version
"$folder/prefix/bin/nelbo" --version

# The program with a term of the user's own: every command knows it, and it is trained.
my_nelbo=$folder/build/my_objective/my_nelbo
"$my_nelbo" objectives | grep "mean absolute code"
"$my_nelbo" explain "nell + 0.1*sparsity" | grep "sparsity  weight 0.1"
sparsity() {
  "$my_nelbo" train --data sprites:32 --model mlp --hidden 16 --latent 2 --batch 100 --epochs 1 --lr 0.01 \
    --objective "nell + $1*sparsity" --seed 1 --out "run$1" --quiet --json >/dev/null
  tail -n 1 "run$1/metrics.jsonl" | sed 's/.*"test":.*"sparsity":\([0-9.e-]*\).*/\1/'
}
weak=$(sparsity 0.001) strong=$(sparsity 100)
echo "sparsity weighted with 0.001: $weak, with 100: $strong"
awk "BEGIN { exit !($strong < 0.5 * $weak) }"
