package io.llmtrace.testkit.sinks;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A message that a sink has taken. A message whose sender never learned of it, because the
 * connection was reset, is among them.
 *
 * @param at when it was taken
 * @param key what makes two deliveries of one message the same one
 * @param incident what joins the messages of one incident: {@code dedup_key} of PagerDuty, and what
 *     the other services have for it
 * @param step what happened, in the service's word, such as {@code trigger} or {@code resolve}
 * @param path of the request, or the recipient of a mail
 * @param headers names in lower case, first value each
 * @param body as it was sent
 * @param answered whether the sender was told that it was taken
 */
public record Received(
    Instant at,
    String key,
    String incident,
    String step,
    String path,
    Map<String, String> headers,
    JsonNode body,
    boolean answered) {

  public Received {
    headers = Map.copyOf(headers);
  }

  /**
   * A request that a sink refused for what it held.
   *
   * @param problems what was wrong with it
   */
  public record Refused(String path, String body, List<String> problems) {
    public Refused {
      problems = List.copyOf(problems);
    }
  }
}
