#!/usr/bin/env bash
# Fits the combination of the stages anew and prints the bars: fit-combination.sh DATA_DIR OUT_DIR
# To be run whenever packs, normaliser or a model change. OUT_DIR needs the ngram-fold-N.bin of
# train.sh; where they are missing they are made, which takes some two minutes more.
set -euo pipefail
data=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
"$here/compile.sh" "$out"
run() { java -Xmx5g -cp "$(cat "$out/classpath")" "io.llmtrace.policies.detect.classify.$1" "$data" "$out" "${@:2}"; }
[ -f "$out/ngram-fold-4.bin" ] || run TrainNgram cv=true nofinal=true
run FitCombination | tee "$out/combination.log"
cp "$out/combination.json" "$here/../src/main/resources/models/combination.json"
