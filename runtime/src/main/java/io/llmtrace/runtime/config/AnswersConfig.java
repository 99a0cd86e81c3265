package io.llmtrace.runtime.config;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code plugin.answers}: what is done with the answers that the tap brings. They have reached the
 * client by then, so nothing here can hold or stop one.
 *
 * @param inspect whether they are read
 * @param budget longest time that one may take
 * @param allowedHosts the only hosts that links and images may lead to, subdomains with them; empty
 *     allows all
 * @param canaryKey what canary tokens are made of and known by; {@code null} where there are none
 */
public record AnswersConfig(
    boolean inspect, Duration budget, Set<String> allowedHosts, @Nullable Secret canaryKey) {

  /** Bytes that a canary key has at least. */
  public static final int LEAST_CANARY_KEY_BYTES = 16;

  public AnswersConfig {
    allowedHosts = Set.copyOf(allowedHosts);
  }

  public static AnswersConfig defaults() {
    return new AnswersConfig(true, Duration.ofMillis(150), Set.of(), null);
  }
}
