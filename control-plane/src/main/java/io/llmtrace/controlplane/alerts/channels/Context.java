package io.llmtrace.controlplane.alerts.channels;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a rendering needs beside the notice.
 *
 * @param now the time of this attempt; signatures hold for minutes only, so each attempt is
 *     rendered anew
 * @param reference what {@link Channel#reference} gave for the first message of this incident in
 *     this channel, or null: follow-ups are joined to it
 */
public record Context(Instant now, @Nullable String reference) {
  /** Of a message that begins its incident's talk. */
  public static Context first(Instant now) {
    return new Context(now, null);
  }

  Optional<String> thread() {
    return Optional.ofNullable(reference);
  }
}
