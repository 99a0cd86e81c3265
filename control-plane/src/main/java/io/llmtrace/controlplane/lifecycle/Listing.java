package io.llmtrace.controlplane.lifecycle;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import jakarta.ws.rs.core.UriInfo;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Pages of what this package keeps: rows with an id that is a ULID and a tenant. Stateless. */
final class Listing {
  /** Beyond every id. */
  private static final String END = "~";

  /** Reads a row. */
  interface Reader<T> {
    T read(ResultSet row) throws SQLException;
  }

  private Listing() {}

  /** The newest first, of one tenant where the query names one. */
  static <T> Page<T> newest(
      ScopedJdbi jdbi,
      Caller caller,
      UriInfo uri,
      @Nullable String limit,
      @Nullable String cursor,
      String select,
      Reader<T> reader,
      Function<T, String> id) {
    QueryParameters.only(uri, "limit", "cursor", "tenant");
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    Map<String, Object> binds = new LinkedHashMap<>();
    String conditions =
        Conditions.of(caller, Permission.DATA_ERASE, "tenant")
            .when("tenant = :tenant", "tenant", uri.getQueryParameters().getFirst("tenant"))
            .into(binds);
    binds.put("behind", behind == null ? END : behind.keys().get(0));
    binds.put("most", most + 1);
    List<T> rows =
        jdbi.read(
            caller,
            Permission.DATA_ERASE,
            handle ->
                handle
                    .createQuery(
                        select
                            + " WHERE id < :behind"
                            + conditions
                            + " ORDER BY id DESC LIMIT :most")
                    .bindMap(binds)
                    .map((row, context) -> reader.read(row))
                    .list());
    return Page.of(rows, most, last -> Cursor.after(id.apply(last)));
  }
}
