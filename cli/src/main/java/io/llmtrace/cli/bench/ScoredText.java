package io.llmtrace.cli.bench;

import java.util.Map;

/**
 * A row and what the engine said of it.
 *
 * @param score the engine's confidence that it is an attack
 * @param flagged whether scan's default policy did more than allow it
 * @param stagesMicros microseconds by stage
 */
record ScoredText(LabelledText row, double score, boolean flagged, Map<String, Long> stagesMicros) {

  ScoredText {
    stagesMicros = Map.copyOf(stagesMicros);
  }
}
