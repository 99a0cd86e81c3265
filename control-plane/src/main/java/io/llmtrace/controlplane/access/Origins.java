package io.llmtrace.controlplane.access;

import io.llmtrace.policies.id.Ulid;
import jakarta.servlet.http.HttpServletRequest;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads where requests come from. Thread-safe. */
public final class Origins {
  public static final String REQUEST_ID = "X-Request-Id";

  private static final String ATTRIBUTE = "llmtrace.origin";
  private static final int LONGEST_AGENT = 200;
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,128}");
  private static final Ulid ids = new Ulid();

  private Origins() {}

  /** The origin of a request, the same however often it is asked for. */
  public static Origin of(HttpServletRequest request) {
    if (request.getAttribute(ATTRIBUTE) instanceof Origin known) {
      return known;
    }
    String agent = request.getHeader("User-Agent");
    Origin origin =
        new Origin(
            request.getRemoteAddr(),
            agent == null ? "" : printable(agent),
            id(request.getHeader(REQUEST_ID)));
    request.setAttribute(ATTRIBUTE, origin);
    return origin;
  }

  /** The id that a caller has given a request, or else a new one. */
  public static String id(@Nullable String sent) {
    return sent != null && ID.matcher(sent).matches() ? sent : ids.next();
  }

  private static String printable(String agent) {
    String kept = agent.length() > LONGEST_AGENT ? agent.substring(0, LONGEST_AGENT) : agent;
    return kept.replaceAll("[^\\x20-\\x7e]", "?");
  }
}
