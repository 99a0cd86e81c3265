#!/usr/bin/env bash
# Compiles the trainers, which are test code, and writes OUT_DIR/classpath: compile.sh OUT_DIR
set -euo pipefail
module=$(cd "$(dirname "$0")/.." && pwd)
cd "$module/.."
mvn -q -B -ntp test-compile -pl policies
mvn -q -B -ntp dependency:build-classpath -pl policies -Dmdep.outputFile="$1/dependencies"
echo "$module/target/classes:$module/target/test-classes:$(cat "$1/dependencies")" > "$1/classpath"
