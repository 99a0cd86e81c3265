package io.llmtrace.controlplane.export;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.query.Bounds;
import io.llmtrace.controlplane.query.DayWalk;
import io.llmtrace.controlplane.query.Days;
import io.llmtrace.controlplane.query.LongReads;
import io.llmtrace.controlplane.query.Order;
import io.llmtrace.controlplane.query.Reading;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Answers with many rows, a few such answers at a time. Thread-safe. */
public final class Exports {
  /** Rows that the database sends at once; they are all that is held. */
  public static final int FETCH = 500;

  private static final int BUFFER = 32 << 10;
  private static final Pattern GZIP =
      Pattern.compile("\\bgzip\\b(?!\\s*;\\s*q=0(\\.0*)?\\s*(,|$))", Pattern.CASE_INSENSITIVE);

  private final ScopedJdbi jdbi;
  private final LongReads reads;

  public Exports(ScopedJdbi jdbi, LongReads reads) {
    this.jdbi = jdbi;
    this.reads = reads;
  }

  /** Writes the rows. */
  @FunctionalInterface
  public interface Body {
    void write(Reading reading, Lines lines) throws IOException;
  }

  /** Writes the rows of a day. */
  @FunctionalInterface
  public interface OfDay {
    void write(Handle handle, Days day, Lines lines) throws IOException;
  }

  /** Rows that lie in partitions, a day at a time. */
  public static Body byDay(Bounds bounds, Order order, OfDay rows) {
    return (reading, lines) -> {
      for (LocalDate day : DayWalk.days(reading, bounds, order)) {
        reading.<@Nullable Void, IOException>run(
            handle -> {
              rows.write(handle, new Days(day, day), lines);
              return null;
            });
      }
    };
  }

  /**
   * What is exported.
   *
   * @param kind such as {@code exchanges}
   * @param filter as it was sent, for the audit
   * @param columns of CSV
   */
  public record What(
      String kind, Format format, Map<String, String> filter, List<Lines.Column> columns) {}

  /** What the audit shows. */
  private record Noted(String format, Map<String, String> filter) {}

  /**
   * The answer, noted in the audit before its first row goes out.
   *
   * @param acceptEncoding the header; gzip is used when it names it
   */
  public Response answer(Caller caller, What what, @Nullable String acceptEncoding, Body body) {
    boolean gzip = acceptEncoding != null && GZIP.matcher(acceptEncoding).find();
    // A turn is taken here and not before: an answer to HEAD is never written.
    StreamingOutput stream =
        out -> reads.run(caller, out, turn -> write(caller, what, body, gzip, turn));
    Response.ResponseBuilder answer =
        Response.ok(stream, what.format().mediaType())
            .header("Vary", "Accept-Encoding")
            .header(
                "Content-Disposition",
                "attachment; filename=\""
                    + what.kind()
                    + (what.format() == Format.CSV ? ".csv" : ".ndjson")
                    + '"');
    return gzip ? answer.header("Content-Encoding", "gzip").build() : answer.build();
  }

  private void note(Caller caller, What what) {
    // Of one tenant it is for that tenant's own audit.
    String tenant =
        caller.tenants(Permission.EXPORT_READ) instanceof TenantScope.Only only
                && only.tenants().size() == 1
            ? only.tenants().iterator().next()
            : null;
    jdbi.<@Nullable Void, RuntimeException>write(
        caller,
        Permission.EXPORT_READ,
        handle -> {
          Audit.append(
              handle,
              caller,
              new Change(
                  what.kind() + ".export",
                  tenant,
                  what.kind(),
                  null,
                  new Noted(what.format().name().toLowerCase(Locale.ROOT), what.filter())));
          return null;
        });
  }

  private void write(Caller caller, What what, Body body, boolean gzip, OutputStream out)
      throws IOException {
    note(caller, what);
    GZIPOutputStream packed = gzip ? new GZIPOutputStream(out, BUFFER) : null;
    OutputStream buffered = new BufferedOutputStream(packed == null ? out : packed, BUFFER);
    Lines lines = Lines.of(what.format(), what.columns(), buffered);
    body.write(new Reading.Apart(jdbi, caller, Permission.EXPORT_READ), lines);
    lines.flush();
    if (packed != null) {
      // Only now: an answer that broke off must not look whole.
      packed.finish();
    }
  }
}
