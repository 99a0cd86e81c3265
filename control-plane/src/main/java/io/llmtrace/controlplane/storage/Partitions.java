package io.llmtrace.controlplane.storage;

import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions of exchanges, completions and findings: one for each retention class and day
 * (UTC). Days are made when the first row for them comes, the next two ahead of time; days past
 * their class's retention are dropped whole. Thread-safe.
 */
public final class Partitions {
  private static final Logger log = LoggerFactory.getLogger(Partitions.class);

  /** Days ahead of today that rows may have: clocks and time zones differ, but not by more. */
  public static final int DAYS_AHEAD = 1;

  private static final Pattern NAME =
      Pattern.compile("(exchanges|completions|findings)_([a-z]+)_(\\d{8})");

  private record Day(RetentionClass retention, LocalDate day) {}

  private final Clock clock;
  private final Map<RetentionClass, Integer> keptDays;
  private final Set<Day> known = ConcurrentHashMap.newKeySet();

  /**
   * @param keptDays days that rows of a class are kept, today included; a class without a number is
   *     kept for ever
   */
  public Partitions(Clock clock, Map<RetentionClass, Integer> keptDays) {
    this.clock = clock;
    this.keptDays = Map.copyOf(keptDays);
  }

  public LocalDate today() {
    return LocalDate.now(clock.withZone(ZoneOffset.UTC));
  }

  /** The first day of a class that is still kept. */
  public LocalDate keptFrom(RetentionClass retention) {
    Integer days = keptDays.get(retention);
    return days == null ? LocalDate.EPOCH : today().minusDays(days - 1L);
  }

  /** Makes the partitions of these days that are not there; outside of any transaction. */
  public void ensure(Jdbi jdbi, RetentionClass retention, Collection<LocalDate> days) {
    for (LocalDate day : days) {
      Day wanted = new Day(retention, day);
      if (!known.contains(wanted)) {
        jdbi.useTransaction(
            handle ->
                handle.execute("SELECT llmtrace_partition(?, ?)", retention.label(), wanted.day()));
        known.add(wanted);
      }
    }
  }

  /** Of all partitions the days, the earliest first. */
  public List<LocalDate> days(Jdbi jdbi) {
    return jdbi.withHandle(
        handle ->
            tables(handle).stream()
                .map(NAME::matcher)
                .filter(Matcher::matches)
                .map(parts -> day(parts.group(3)))
                .filter(day -> !day.equals(LocalDate.MAX))
                .distinct()
                .sorted()
                .toList());
  }

  /** Has all days looked up again. */
  public void forget() {
    known.clear();
  }

  /** Makes the next days of all classes that take rows, and drops what is past its retention. */
  public void maintain(Jdbi jdbi, DropGuard guard) {
    for (RetentionClass retention : RetentionClass.values()) {
      if (retention != RetentionClass.HOLD) {
        ensure(jdbi, retention, List.of(today(), today().plusDays(1), today().plusDays(2)));
      }
    }
    for (String table : jdbi.withHandle(this::expired)) {
      drop(jdbi, table, guard);
    }
    known.removeIf(day -> day.day().isBefore(keptFrom(day.retention())));
  }

  private static void drop(Jdbi jdbi, String table, DropGuard guard) {
    Matcher parts = NAME.matcher(table);
    if (!parts.matches()) {
      throw new IllegalArgumentException(table + " is no partition");
    }
    LocalDate day = day(parts.group(3));
    guard.save(day);
    boolean dropped =
        jdbi.inTransaction(
            handle -> {
              // A reader that holds the table must not make everybody queue behind this statement.
              handle.execute("SET LOCAL lock_timeout = '2s'");
              if (!guard.mayDrop(handle, parts.group(1), table, day)) {
                return false;
              }
              handle.execute("DROP TABLE IF EXISTS " + table);
              return true;
            });
    if (dropped) {
      log.info("Dropped {}: its retention is over", table);
    } else {
      log.warn("{} is past its retention and stays for now: a hold has rows in it", table);
    }
  }

  private List<String> expired(Handle handle) {
    List<String> expired = new ArrayList<>();
    for (String table : tables(handle)) {
      Matcher parts = NAME.matcher(table);
      if (parts.matches() && day(parts.group(3)).isBefore(keptFrom(parts.group(2)))) {
        expired.add(table);
      }
    }
    return expired;
  }

  private static List<String> tables(Handle handle) {
    return handle
        .createQuery(
            "SELECT c.relname FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid"
                + " WHERE c.relkind = 'r' AND c.relnamespace ="
                + " (SELECT relnamespace FROM pg_class WHERE oid = 'exchanges'::regclass)"
                // Findings and completions before the exchanges that tell whose they are.
                + " ORDER BY c.relname DESC")
        .mapTo(String.class)
        .list();
  }

  private LocalDate keptFrom(String label) {
    try {
      return keptFrom(RetentionClass.of(label));
    } catch (IllegalArgumentException e) {
      // Not made by this version: nothing is known about how long it is to be kept.
      log.debug("A partition of an unknown class is left alone", e);
      return LocalDate.MIN;
    }
  }

  private static LocalDate day(String digits) {
    try {
      return LocalDate.parse(digits, DateTimeFormatter.BASIC_ISO_DATE);
    } catch (DateTimeParseException e) {
      return LocalDate.MAX;
    }
  }
}
