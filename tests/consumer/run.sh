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

# The program with an estimator of the user's own: listed, studied (its bias is 0 for the ELBO and found for iw, as it
# declares) and trained with.
my_estimator=$folder/build/my_estimator/my_estimator
"$my_estimator" objectives | grep "partial_stl(alpha=0.5)"
"$my_estimator" gradvar --world rainforth --bounds "elbo,iw(16)" --estimators "partial_stl(alpha=0.5)" \
  --replicates 4000 --out study >/dev/null
column() {  # of phi's row of a bound
  awk -F, -v bound="$1" -v name="$2" 'NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i }
    $1 == bound && $5 == "phi" { print $at[name] }' study/study.csv
}
echo "partial_stl: elbo biased $(column elbo biased), t $(column elbo bias_t);" \
  "iw biased $(column iw biased), t $(column iw bias_t)"
test "$(column elbo biased) $(column iw biased)" = "false true"
awk "BEGIN { t = $(column elbo bias_t); exit !(t * t < 16 && $(column iw bias_t) > 10) }"
"$my_estimator" train --data sprites:32 --model mlp --hidden 16 --latent 2 --steps 20 --objective "elbo(mc)" \
  --estimator "partial_stl(alpha=0.2)" --out partial --quiet >/dev/null
grep "estimator = 'partial_stl(alpha=0.2)'" partial/config.toml

# The program with a command of the user's own: it is listed, suggested, has help, and runs.
my_command=$folder/build/my_command/my_command
"$my_command" --help | grep "  kl  *KL(N(M, SD^2)"
"$my_command" kl --help | grep "the standard deviation"
"$my_command" kll 2>&1 | grep "did you mean 'kl'?"
test "$("$my_command" kl 1)" = 0.5
