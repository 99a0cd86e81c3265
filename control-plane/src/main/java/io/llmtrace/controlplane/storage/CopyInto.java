package io.llmtrace.controlplane.storage;

import de.bytefish.pgbulkinsert.exceptions.BinaryWriteFailedException;
import de.bytefish.pgbulkinsert.exceptions.SaveEntityFailedException;
import de.bytefish.pgbulkinsert.row.SimpleRow;
import de.bytefish.pgbulkinsert.row.SimpleRowWriter;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.BiConsumer;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * Rows into one table by {@code COPY … FROM STDIN BINARY}, in the transaction of a handle.
 * Thread-safe.
 */
public final class CopyInto {
  private final SimpleRowWriter.Table table;

  private CopyInto(SimpleRowWriter.Table table) {
    this.table = table;
  }

  /**
   * A table with the columns that rows set.
   *
   * @param columns in the order in which rows set them; {@code more} are the last of them
   */
  public static CopyInto table(String name, List<String> columns, String... more) {
    List<String> all = new ArrayList<>(columns);
    all.addAll(List.of(more));
    return new CopyInto(new SimpleRowWriter.Table(name, all.toArray(String[]::new)));
  }

  /** One row under way; columns are set in the table's order. Not thread-safe. */
  public static final class Row {
    private final SimpleRow row;
    private int next;

    private Row(SimpleRow row) {
      this.row = row;
    }

    /** Text as {@link StorableJson#text} makes it storable. */
    public Row text(String value) {
      row.setText(next++, StorableJson.text(value));
      return this;
    }

    /** JSON that {@link StorableJson} made. */
    public Row json(String value) {
      row.setJsonb(next++, value);
      return this;
    }

    public Row number(long value) {
      row.setLong(next++, value);
      return this;
    }

    public Row number(int value) {
      row.setInteger(next++, value);
      return this;
    }

    /** A number of two bytes. */
    public Row small(int value) {
      row.setShort(next++, (short) value);
      return this;
    }

    public Row number(@Nullable Double value) {
      row.setDouble(next++, value);
      return this;
    }

    public Row numeric(BigDecimal value) {
      row.setNumeric(next++, value);
      return this;
    }

    public Row yes(boolean value) {
      row.setBoolean(next++, value);
      return this;
    }

    public Row day(LocalDate value) {
      row.setDate(next++, value);
      return this;
    }

    public Row instant(long epochMillis) {
      row.setTimeStampTz(next++, Instant.ofEpochMilli(epochMillis).atZone(ZoneOffset.UTC));
      return this;
    }

    public Row bytes(byte @Nullable [] value) {
      row.setByteArray(next++, value);
      return this;
    }
  }

  /**
   * Writes rows.
   *
   * @throws SQLException what the database says, its SQLState kept
   */
  public <T> void rows(Handle handle, Collection<T> items, BiConsumer<T, Row> write)
      throws SQLException {
    if (items.isEmpty()) {
      return;
    }
    PGConnection connection = handle.getConnection().unwrap(PGConnection.class);
    try (SimpleRowWriter writer = new SimpleRowWriter(table, connection)) {
      for (T item : items) {
        writer.startRow(row -> write.accept(item, new Row(row)));
      }
    } catch (SaveEntityFailedException | BinaryWriteFailedException e) {
      throw cause(e);
    }
  }

  private static SQLException cause(RuntimeException wrapped) {
    for (Throwable cause = wrapped; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return sql;
      }
    }
    return new SQLException("rows could not be written", wrapped);
  }
}
