package io.llmtrace.controlplane.query;

import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Days that one statement reads.
 *
 * @param last inclusive
 */
public record Days(LocalDate first, LocalDate last) {
  /**
   * A condition on a column of days. The days stand in the text and are no bound values, so that
   * the planner leaves out the other partitions before it opens them.
   */
  public String sql(String column) {
    return column + " BETWEEN DATE '" + first + "' AND DATE '" + last + "'";
  }

  /** Days of which something may be stored, in their order. */
  static List<LocalDate> stored(Handle handle) {
    List<LocalDate> days = new ArrayList<>();
    for (String digits :
        handle
            .createQuery(
                "SELECT DISTINCT substring(c.relname FROM '_([0-9]{8})$') FROM pg_inherits classes"
                    + " JOIN pg_inherits days ON days.inhparent = classes.inhrelid"
                    + " JOIN pg_class c ON c.oid = days.inhrelid"
                    + " WHERE classes.inhparent = 'exchanges'::regclass ORDER BY 1")
            .mapTo(String.class)
            .list()) {
      if (digits != null) {
        try {
          days.add(LocalDate.parse(digits, DateTimeFormatter.BASIC_ISO_DATE));
        } catch (DateTimeParseException e) {
          throw new IllegalStateException("a partition is named after no day: " + digits, e);
        }
      }
    }
    return days;
  }
}
