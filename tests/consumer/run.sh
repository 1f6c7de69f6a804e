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
