package io.llmtrace.controlplane.content;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.metrics.Deltas;
import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.storage.SqlStates;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.wire.ContentAck;
import io.llmtrace.policies.wire.ContentBatch;
import io.llmtrace.policies.wire.ContentRecord;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Encrypts content and stores it; nothing of it reaches the database as it came. Thread-safe. */
public final class ContentStore {
  private static final Logger log = LoggerFactory.getLogger(ContentStore.class);

  private final Supplier<Jdbi> jdbi;
  private final @Nullable KeyEncryption keys;
  private final ContentDays days;
  private final Totals totals;

  /**
   * @param keys null refuses all content
   */
  public ContentStore(
      Supplier<Jdbi> jdbi, @Nullable KeyEncryption keys, ContentDays days, Totals totals) {
    this.jdbi = jdbi;
    this.keys = keys;
    this.days = days;
    this.totals = totals;
  }

  /** Keys that cannot be had at this moment. */
  private static final class KeysAwayException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /**
   * Stores a batch, and says what of it never will be.
   *
   * @throws jakarta.ws.rs.WebApplicationException 503 when keys cannot be had now
   */
  ContentAck accept(Caller sender, ContentBatch batch) {
    TenantScope allowed = sender.tenants(Permission.TELEMETRY_WRITE);
    Map<String, Integer> refused = new LinkedHashMap<>();
    List<ContentRecord> good = new ArrayList<>();
    for (ContentRecord content : batch.records()) {
      String reason = refusal(content, allowed);
      if (reason.isEmpty()) {
        good.add(content);
      } else {
        refused.merge(reason, 1, Integer::sum);
      }
    }
    try {
      store(batch.node(), good, refused);
    } catch (RuntimeException | SQLException e) {
      if (e instanceof KeysAwayException) {
        throw Problem.busy("keys for content cannot be had, send it again", 5);
      }
      if (!SqlStates.isMissingPartition(e)) {
        throw e instanceof RuntimeException failure
            ? failure
            : new IllegalStateException("content was not stored", e);
      }
      // Another replica dropped the day, which has ended since.
      log.debug("a day of content is not there", e);
      days.forget();
      throw Problem.busy("a day of content is being dropped, send it again", 1);
    }
    return new ContentAck(good.size(), refused);
  }

  private String refusal(ContentRecord content, TenantScope allowed) {
    LocalDate day = day(content.decisionId());
    if (keys == null) {
      return "no_key";
    }
    if (!allowed.includes(content.tenant())) {
      return "foreign_tenant";
    }
    if (day.isBefore(days.keptFrom())) {
      return "expired";
    }
    return day.isAfter(days.latest()) ? "clock_skew" : "";
  }

  static LocalDate day(String decisionId) {
    return LocalDate.ofInstant(Ulid.time(decisionId), ZoneOffset.UTC);
  }

  private void store(String node, List<ContentRecord> good, Map<String, Integer> refused)
      throws SQLException {
    if (good.isEmpty() && refused.isEmpty()) {
      return;
    }
    days.ensure(good.stream().map(c -> day(c.decisionId())).collect(Collectors.toSet()));
    int unused =
        totals.count(
            jdbi.get(),
            (handle, deltas) -> {
              // Before keys are asked for: until this ends, none is retired that it may wrap under.
              handle.execute("LOCK TABLE content IN ROW EXCLUSIVE MODE");
              good.forEach(content -> insert(handle, node, content, deltas));
              refused.forEach(deltas::contentRefused);
              return good.size();
            });
  }

  private void insert(Handle handle, String node, ContentRecord content, Deltas deltas) {
    KeyEncryption encryption = keys;
    if (encryption == null) {
      throw new IllegalStateException("content without a key was refused before");
    }
    Envelope sealed;
    try {
      sealed = Envelope.seal(encryption, content);
    } catch (UndecryptableException e) {
      log.warn("content cannot be encrypted now: {}", e.getMessage());
      throw new KeysAwayException();
    }
    try (Update insert =
        handle.createUpdate(
            "INSERT INTO content (decision_id, tenant, part, day, consumer, agent, route, node,"
                + " mode, at, key_id, dek, nonce, body) VALUES (:id, :tenant, :part, :day,"
                + " :consumer, :agent, :route, :node, :mode, :at, :key, :dek, :nonce, :body)"
                + " ON CONFLICT DO NOTHING")) {
      int rows =
          insert
              .bind("id", content.decisionId())
              .bind("tenant", StorableJson.text(content.tenant()))
              .bind("part", content.part().label())
              .bind("day", day(content.decisionId()))
              .bind("consumer", StorableJson.text(content.consumer()))
              .bind("agent", StorableJson.text(content.agent()))
              .bind("route", StorableJson.text(content.route()))
              .bind("node", StorableJson.text(node))
              .bind("mode", content.mode().label())
              .bind("at", content.at())
              .bind("key", sealed.key().keyId())
              .bind("dek", sealed.key().bytes())
              .bind("nonce", sealed.nonce())
              .bind("body", sealed.body())
              .execute();
      if (rows > 0) {
        deltas.content(content.part());
      }
    }
  }
}
