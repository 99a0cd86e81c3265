package io.llmtrace.controlplane.query;

import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.policies.id.Ulid;
import org.jspecify.annotations.Nullable;

/**
 * Where a page of a list by decision id ended.
 *
 * @param id decision id
 * @param origin of a finding, else empty
 * @param place of a finding, else 0
 */
public record Place(String id, String origin, int place) {
  public Place(String id) {
    this(id, "", 0);
  }

  /** As a cursor that goes on in this order only. */
  public Cursor cursor(Order order) {
    return Cursor.after(order.mark(), id, origin, Integer.toString(place));
  }

  /**
   * The place of a cursor, or null where none was sent.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400 for one that no page of such a list gave
   */
  public static @Nullable Place of(@Nullable String cursor, Order order) {
    Cursor decoded = Cursor.decode(cursor, 4);
    if (decoded == null) {
      return null;
    }
    String id = decoded.keys().get(1);
    String origin = decoded.keys().get(2);
    String place = decoded.keys().get(3);
    if (!decoded.keys().get(0).equals(order.mark())
        || !Ulid.isValid(id)
        || !origin.matches("|request|answer")
        || !place.matches("[0-9]{1,9}")) {
      throw Problem.of(400, "cursor: expected what a page of this order gave as \"next\"");
    }
    return new Place(id, origin, Integer.parseInt(place));
  }

  /** The stretch that is left of another one, this place's own id included. */
  public Bounds rest(Bounds bounds, Order order) {
    return order == Order.NEWEST
        ? bounds.and(new Bounds(bounds.from(), id + "!"))
        : bounds.and(new Bounds(id, bounds.before()));
  }
}
