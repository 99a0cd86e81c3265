package io.llmtrace.controlplane.export;

import io.llmtrace.controlplane.query.Parameters;
import java.util.List;

/** How an export is written. */
public enum Format {
  /** One JSON object a line. */
  NDJSON("application/x-ndjson"),
  /** RFC 4180 with a header; no cell begins a formula. */
  CSV("text/csv; charset=utf-8"),
  /** One event of the Open Cybersecurity Schema Framework a line. */
  OCSF("application/x-ndjson");

  private final String mediaType;

  Format(String mediaType) {
    this.mediaType = mediaType;
  }

  String mediaType() {
    return mediaType;
  }

  /**
   * The parameter {@code format}, which is one of these words; the first one where it is absent.
   */
  public static Format of(Parameters parameters, List<String> words) {
    String word = parameters.word("format", words);
    return valueOf((word == null ? words.get(0) : word).toUpperCase(java.util.Locale.ROOT));
  }
}
