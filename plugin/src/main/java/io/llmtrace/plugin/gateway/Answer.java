package io.llmtrace.plugin.gateway;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the gateway is told to do with a request. Immutable. */
public sealed interface Answer {

  /**
   * The request goes on to its upstream, changed.
   *
   * @param headers request headers to set, by name
   * @param removed request headers to remove
   * @param responseHeaders headers to set on the answer to the client
   * @param body the new request body, or null to leave it; {@code content-length} must be among the
   *     headers then
   */
  record Rewrite(
      Map<String, String> headers,
      Set<String> removed,
      Map<String, String> responseHeaders,
      @Nullable ByteBuffer body)
      implements Answer {
    public Rewrite {
      headers = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(headers));
      removed = Set.copyOf(removed);
      responseHeaders = Map.copyOf(responseHeaders);
    }
  }

  /**
   * The request ends here.
   *
   * @param status HTTP status for the client
   * @param headers headers for the client
   * @param body body for the client, possibly empty; not copied
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Stop(int status, Map<String, String> headers, byte[] body) implements Answer {
    public Stop {
      headers = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    }
  }
}
