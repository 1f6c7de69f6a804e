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

# The laboratory alone: the package is asked for without the program.
"$cmake" -G "$generator" -S "$source/examples/laboratory" -B "$folder/laboratory" -DCMAKE_PREFIX_PATH="$folder/prefix"
"$cmake" --build "$folder/laboratory"
"$folder/laboratory/laboratory"

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

# nelbo itself opens that run wherever it does not need the word, and names it where it does. A checkpoint that stands
# alone is enough for a model.
stock=$folder/prefix/bin/nelbo
"$stock" eval run100 | grep "elbo"
"$stock" encode run100 --out codes.npz >/dev/null
if "$stock" gradvar --run run100 --replicates 10 2>refused; then exit 1; fi
grep "the term 'sparsity'" refused
grep "my_nelbo train" refused
cp run100/checkpoints/best.safetensors alone.safetensors
"$stock" sample alone.safetensors --out alone.png >/dev/null

# Terms with random numbers and with a network of their own: listed, and resumed to the same bits.
"$my_nelbo" objectives | grep "sliced Cramer distance"
"$my_nelbo" objectives | grep "mutual information of data and codes, as a network estimates it"
for term in sliced_cramer "abs(mine - 3)"; do
  steps() {
    "$my_nelbo" train "$@" --quiet >/dev/null
  }
  tiny="--data sprites:32 --model mlp --hidden 16 --latent 2"
  rm -rf whole halves
  steps $tiny --objective "nell + div + $term" --steps 20 --out whole
  steps $tiny --objective "nell + div + $term" --steps 10 --out halves
  steps --resume halves --steps 10
  cmp whole/checkpoints/last.safetensors halves/checkpoints/last.safetensors
done

# 300 pictures 28 x 28: squares.
squares() {
  printf '\223NUMPY\001\000\166\000'
  printf '%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (300, 28, 28), }"
  LC_ALL=C awk 'BEGIN {
    for (n = 0; n < 300; ++n) for (y = 0; y < 28; ++y) for (x = 0; x < 28; ++x) {
      inside = x >= n * 7 % 19 && x < n * 7 % 19 + 9 && y >= n * 11 % 20 && y < n * 11 % 20 + 8
      printf "%c", inside ? 120 : 1
    }
  }'
}
squares >squares.npy

# Every part of a model the user's own: all that is done with a run.
my_model=$folder/build/my_model/my_nelbo
"$my_model" objectives | grep "warm_elbo(steps=1000)"
"$my_model" train --help | grep "tmix:K"
"$my_model" train --likelihood exponentail 2>&1 | grep "did you mean 'exponential'?"
"$my_model" train --data sprites:32 --model convnet28 2>&1 | grep "images must be 28 x 28"
"$my_model" train --data squares.npy --model convnet28 --latent 3 --likelihood exponential --prior tmix:3 \
  --objective "warm_elbo(steps=5)" --batch 30 --epochs 1 --out own --quiet
"$my_model" eval own
"$my_model" decompose own
"$my_model" bounds own --k 1 --m 1,8
"$my_model" gradvar --run own --bounds iw --m 4 --estimators reparam,dreg --replicates 40
"$my_model" sample own --n 4 --out own.png
"$my_model" train --resume own --epochs 1 --quiet
"$folder/prefix/bin/nelbo" eval own 2>&1 | grep "the prior 'tmix'"

# A model that is no pair of networks: trained with any bound and estimator, studied; what it lacks is named.
two_layer=$folder/build/two_layer/two_layer
for how in "elbo(mc) reparam" "iw(m=5) reparam" "iw(m=5) dreg"; do
  rm -rf two
  "$two_layer" train --data squares.npy --model two_layer --objective "${how% *}" --estimator "${how#* }" \
    --batch 30 --steps 10 --out two --quiet
done
"$two_layer" eval two
"$two_layer" decompose two
"$two_layer" bounds two --k 1 --m 1,8
"$two_layer" gradvar --run two --bounds iw --m 4 --estimators reparam,dreg --replicates 40
"$two_layer" train --data squares.npy --model two_layer --objective "nell + div(mc) + tc" --steps 1 2>&1 |
  grep "needs a normal posterior; here it is two-layer"
"$two_layer" train --data squares.npy --model two_layer --latent 7 --steps 1 2>&1 |
  grep "has 150 latent variables"
# What it does not take is refused, and neither shown nor written down.
"$two_layer" train --data squares.npy --model two_layer --posterior full --steps 1 2>&1 |
  grep -- "--posterior: 'full' is not for the model two_layer"
"$two_layer" train --data squares.npy --model two_layer --objective "elbo(mc)" --batch 30 --steps 1 \
  --out plain 2>header
grep "model  *two_layer, latent 150, bernoulli" header
if grep -E "^(prior|posterior)" header plain/config.toml; then exit 1; fi
if grep -E "^(hidden|prior|posterior)" plain/config.toml; then exit 1; fi
"$two_layer" train --resume plain --steps 1 --quiet
# The program speaks of itself by its own name.
"$two_layer" eval --help | grep "two_layer eval runs/"
"$two_layer" eval nowhere 2>&1 | grep "^two_layer: nowhere"
"$two_layer" evil 2>&1 | grep 'see `two_layer --help`'
if "$two_layer" --help | grep -w nelbo | grep -v "^nelbo: variational"; then exit 1; fi

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
