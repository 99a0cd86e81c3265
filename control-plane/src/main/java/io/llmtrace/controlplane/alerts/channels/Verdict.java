package io.llmtrace.controlplane.alerts.channels;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a service's answer means for the message. Reasons are one line without credentials. */
public sealed interface Verdict {

  /** The service has taken it. */
  record Delivered() implements Verdict {}

  /**
   * Not now.
   *
   * @param reason for the delivery log
   * @param after not before this has passed, where the service said so; zero to 24 hours
   */
  record Retry(String reason, @Nullable Duration after) implements Verdict {}

  /**
   * Not ever, unless somebody changes the configuration.
   *
   * @param reason for the delivery log
   */
  record Hopeless(String reason) implements Verdict {}
}
