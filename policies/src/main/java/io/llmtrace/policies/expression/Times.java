package io.llmtrace.policies.expression;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneRules;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Timestamps and durations, to the millisecond. */
final class Times {
  /** The years 1 to 9999, which is what CEL's timestamps can be. */
  static final long EARLIEST = Instant.parse("0001-01-01T00:00:00Z").toEpochMilli();

  static final long LATEST = Instant.parse("9999-12-31T23:59:59.999Z").toEpochMilli();

  /** CEL's: about 10,000 years. */
  static final long LONGEST = 315_576_000_000L * 1000;

  /** Between two timestamps: CEL counts in nanoseconds of 64 bits, some 292 years. */
  private static final long LONGEST_BETWEEN = Long.MAX_VALUE / 1_000_000;

  private static final Pattern PART = Pattern.compile("(\\d{1,12})(?:\\.(\\d{1,9}))?(h|ms|m|s)");
  private static final String OUT_OF_TIME = "a time before the year 1 or after 9999";

  private Times() {}

  /**
   * Reads RFC 3339.
   *
   * @return epoch milliseconds
   * @throws IllegalArgumentException says for people why it is none
   */
  static long timestamp(String text) {
    Instant instant;
    try {
      instant = DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("'" + text + "' is no timestamp", e);
    }
    if (!instant.truncatedTo(ChronoUnit.MILLIS).equals(instant)) {
      throw new IllegalArgumentException("times are known to the millisecond, no finer");
    }
    long millis = instant.toEpochMilli();
    if (millis < EARLIEST || millis > LATEST) {
      throw new IllegalArgumentException(OUT_OF_TIME);
    }
    return millis;
  }

  /**
   * Reads a duration, such as {@code 1h30m}, {@code -2.5s}, {@code 10ms}.
   *
   * @return milliseconds
   * @throws IllegalArgumentException says for people why it is none
   */
  static long duration(String text) {
    boolean negative = text.startsWith("-");
    String digits = negative ? text.substring(1) : text;
    if (digits.equals("0")) {
      return 0;
    }
    Matcher matcher = PART.matcher(digits);
    Duration sum = Duration.ZERO;
    int end = 0;
    while (matcher.find() && matcher.start() == end) {
      long unit =
          switch (matcher.group(3)) {
            case "h" -> 3_600_000;
            case "m" -> 60_000;
            case "s" -> 1_000;
            default -> 1;
          };
      sum = sum.plus(Duration.ofMillis(unit).multipliedBy(Long.parseLong(matcher.group(1))));
      String fraction = matcher.group(2);
      if (fraction != null) {
        long parts = 1;
        for (int i = 0; i < fraction.length(); i++) {
          parts *= 10;
        }
        Duration small = Duration.ofMillis(unit).multipliedBy(Long.parseLong(fraction));
        sum = sum.plus(small.dividedBy(parts));
      }
      end = matcher.end();
    }
    if (end == 0 || end != digits.length()) {
      throw new IllegalArgumentException("'" + text + "' is no duration");
    }
    if (!sum.truncatedTo(ChronoUnit.MILLIS).equals(sum)) {
      throw new IllegalArgumentException("times are known to the millisecond, no finer");
    }
    if (sum.compareTo(Duration.ofMillis(LONGEST)) > 0) {
      throw new IllegalArgumentException("'" + text + "' is longer than time");
    }
    return negative ? -sum.toMillis() : sum.toMillis();
  }

  /**
   * Reads a time zone: a name of the IANA database or an offset such as {@code +02:00}.
   *
   * @throws IllegalArgumentException says for people why it is none
   */
  static ZoneRules zone(String name) {
    try {
      // CEL takes an offset without a sign too.
      return ZoneId.of(name.matches("\\d\\d:\\d\\d") ? "+" + name : name).getRules();
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("'" + name + "' is no time zone", e);
    }
  }

  /** Parts of a timestamp, counted as CEL counts them. */
  enum Part {
    FULL_YEAR("getFullYear"),
    /** From 0. */
    MONTH("getMonth"),
    /** From 1. */
    DATE("getDate"),
    /** From 0. */
    DAY_OF_MONTH("getDayOfMonth"),
    /** From 0, Sunday. */
    DAY_OF_WEEK("getDayOfWeek"),
    /** From 0. */
    DAY_OF_YEAR("getDayOfYear"),
    HOURS("getHours"),
    MINUTES("getMinutes"),
    SECONDS("getSeconds"),
    MILLISECONDS("getMilliseconds");

    private final String function;

    Part(String function) {
      this.function = function;
    }

    String function() {
      return function;
    }

    static @Nullable Part of(String function) {
      for (Part each : values()) {
        if (each.function.equals(function)) {
          return each;
        }
      }
      return null;
    }

    long of(LocalDateTime time) {
      return switch (this) {
        case FULL_YEAR -> time.getYear();
        case MONTH -> time.getMonthValue() - 1L;
        case DATE -> time.getDayOfMonth();
        case DAY_OF_MONTH -> time.getDayOfMonth() - 1L;
        case DAY_OF_WEEK -> time.getDayOfWeek().getValue() % 7L;
        case DAY_OF_YEAR -> time.getDayOfYear() - 1L;
        case HOURS -> time.getHour();
        case MINUTES -> time.getMinute();
        case SECONDS -> time.getSecond();
        case MILLISECONDS -> time.getNano() / 1_000_000;
      };
    }
  }

  static final class PartOf extends Node.Int {
    private final Part part;
    private final Node.Int time;
    private final ZoneRules zone;

    PartOf(Part part, Node.Int time, ZoneRules zone) {
      super(ValueType.INT);
      this.part = part;
      this.time = time;
      this.zone = zone;
    }

    @Override
    long value(Scope scope) {
      long millis = time.value(scope);
      if (scope.error != null) {
        return 0;
      }
      Instant instant = Instant.ofEpochMilli(millis);
      ZoneOffset offset = zone.getOffset(instant);
      return part.of(
          LocalDateTime.ofEpochSecond(instant.getEpochSecond(), instant.getNano(), offset));
    }
  }

  /** A sum or difference; which of its sides is what has been seen to when it was linked. */
  static final class Shift extends Node.Int {
    private final Node.Int left;
    private final Node.Int right;
    private final int sign;
    private final long longest;

    /**
     * @param sign 1 or -1
     */
    Shift(ValueType type, Node.Int left, Node.Int right, int sign) {
      super(type);
      this.left = left;
      this.right = right;
      this.sign = sign;
      this.longest = left.type == ValueType.TIMESTAMP ? LONGEST_BETWEEN : LONGEST;
    }

    @Override
    long value(Scope scope) {
      long a = left.value(scope);
      if (scope.error != null) {
        return 0;
      }
      long b = right.value(scope);
      if (scope.error != null) {
        return 0;
      }
      // Both are within some 10,000 years, so that this cannot overflow.
      long result = a + sign * b;
      if (type == ValueType.TIMESTAMP && (result < EARLIEST || result > LATEST)) {
        return Numbers.fail(scope, OUT_OF_TIME);
      }
      if (type == ValueType.DURATION && (result < -longest || result > longest)) {
        return Numbers.fail(scope, "a duration of too many years");
      }
      return result;
    }
  }

  /** As CEL writes it. */
  static String text(ValueType type, long millis) {
    return type == ValueType.TIMESTAMP
        ? Instant.ofEpochMilli(millis).toString()
        : String.format(Locale.ROOT, "%.3fs", millis / 1000.0);
  }
}
