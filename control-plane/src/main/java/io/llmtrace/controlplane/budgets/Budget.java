package io.llmtrace.controlplane.budgets;

import io.llmtrace.controlplane.http.Revision;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What somebody means to spend at most.
 *
 * @param name for people
 * @param tenant whose it is
 * @param dimension {@code tenant}, or what of the tenant it is for: {@code route}, {@code
 *     consumer}, {@code agent} or {@code model}
 * @param key name of that route, consumer, agent or model; empty for the whole tenant
 * @param window {@code hour}, {@code day}, {@code week} or {@code month}
 * @param windowKind {@code rolling} or {@code calendar} (UTC)
 * @param usd US dollars; absent where it is of tokens
 * @param tokens of prompts and answers; absent where it is of dollars
 * @param enforcement {@code soft}: nodes flag what is over it; {@code hard}: nodes refuse it, by
 *     shares that they are given
 * @param thresholds percents at which it is to be told
 * @param revision of the last change
 * @param createdAt RFC 3339
 */
record Budget(
    String id,
    String name,
    String tenant,
    String dimension,
    String key,
    String window,
    String windowKind,
    @Nullable BigDecimal usd,
    @Nullable Long tokens,
    String enforcement,
    List<Integer> thresholds,
    long revision,
    String createdAt) {

  static final String SELECT =
      "SELECT b.id, b.name, b.tenant, b.dimension, b.key, b.time_window, b.window_kind, b.usd,"
          + " b.tokens, b.enforcement, b.thresholds, b.revision, b.created_at FROM budgets b";

  Revision tag() {
    return new Revision(revision);
  }

  static Budget of(ResultSet row) throws SQLException {
    long tokens = row.getLong("tokens");
    return new Budget(
        row.getString("id"),
        row.getString("name"),
        row.getString("tenant"),
        row.getString("dimension"),
        row.getString("key"),
        row.getString("time_window"),
        row.getString("window_kind"),
        row.getBigDecimal("usd"),
        row.getObject("tokens") == null ? null : Long.valueOf(tokens),
        row.getString("enforcement"),
        Arrays.asList((Integer[]) row.getArray("thresholds").getArray()),
        row.getLong("revision"),
        row.getTimestamp("created_at").toInstant().toString());
  }
}
