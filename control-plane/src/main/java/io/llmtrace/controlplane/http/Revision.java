package io.llmtrace.controlplane.http;

import jakarta.ws.rs.WebApplicationException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The number of a resource's last change, as its entity tag (RFC 9110, 8.8.3). Two edits of one
 * state cannot both win.
 */
public record Revision(long number) {
  /** As {@code ETag} carries it. */
  public String tag() {
    return "\"" + number + "\"";
  }

  /**
   * Refuses an edit of another state than this one. To be asked once the resource was found for
   * this caller: what an absent one answers must not depend on it.
   *
   * @param ifMatch the header, null where none was sent
   * @throws WebApplicationException 428 without the header, 412 when the state is another
   */
  public void require(@Nullable String ifMatch) {
    if (ifMatch == null || ifMatch.isBlank()) {
      throw Problem.of(428, "If-Match is needed: the ETag of the state that you change");
    }
    // A weak tag never matches strongly, and "*" is any state.
    if (!ifMatch.strip().equals("*")
        && Arrays.stream(ifMatch.split(",", -1)).noneMatch(tag -> tag.strip().equals(tag()))) {
      throw Problem.of(412, "it was changed meanwhile: read it again");
    }
  }
}
