package io.llmtrace.controlplane.ingest;

import io.llmtrace.policies.wire.Batch;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a record from the network must hold before it is used: JSON has no types that say it. A
 * component that is not nullable is there, no number is negative or infinite, no text is endless.
 */
final class WireRules {
  private static final int LONGEST_TEXT = 8_192;
  private static final int LONGEST_NAME = 200;

  private WireRules() {}

  /** Of an amount of money; a number that the database cannot hold would lose its whole batch. */
  private static final int LONGEST_SCALE = 64;

  /** What is wrong with the envelope of a batch, or null. */
  static @Nullable String problem(Batch batch) {
    String named = name("node", batch.node());
    if (named == null) {
      named = name("boot_id", batch.bootId());
    }
    return named == null && batch.sequence() < 0 ? "sequence: expected a number from 0" : named;
  }

  /** What is wrong with a name of a node, or null. */
  static @Nullable String name(String key, @Nullable String name) {
    boolean good =
        name != null
            && !name.isBlank()
            && name.length() <= LONGEST_NAME
            && name.chars().noneMatch(Character::isISOControl);
    return good
        ? null
        : key + ": expected a name of 1 to " + LONGEST_NAME + " characters without control codes";
  }

  /**
   * What is wrong with a wire record, or null.
   *
   * @param path where it stands, for the message
   */
  static @Nullable String problem(Record value, String path) {
    for (RecordComponent component : value.getClass().getRecordComponents()) {
      String at = path + snake(component.getName());
      Object held = held(component, value);
      boolean nullable = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
      String problem = held == null && nullable ? null : problem(held, at);
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }

  private static @Nullable String problem(@Nullable Object held, String at) {
    if (held == null) {
      return at + ": expected a value";
    }
    if (held instanceof BigDecimal amount && Math.abs((long) amount.scale()) > LONGEST_SCALE) {
      return at + ": expected a number of at most " + LONGEST_SCALE + " decimals";
    }
    if (held instanceof Number number) {
      double value = number.doubleValue();
      return value >= 0 && !Double.isInfinite(value) ? null : at + ": expected a number from 0";
    }
    if (held instanceof String text) {
      return text.length() <= LONGEST_TEXT
          ? null
          : at + ": expected at most " + LONGEST_TEXT + " characters";
    }
    if (held instanceof Record inner) {
      return problem(inner, at + ".");
    }
    if (held instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        String problem = problem(list.get(i), at + "[" + i + "]");
        if (problem != null) {
          return problem;
        }
      }
    }
    if (held instanceof Map<?, ?> map) {
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        String problem = problem(entry.getValue(), at + "." + entry.getKey());
        if (problem != null) {
          return problem;
        }
      }
    }
    return null;
  }

  private static @Nullable Object held(RecordComponent component, Record value) {
    try {
      return component.getAccessor().invoke(value);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("accessors of wire records are public and plain", e);
    }
  }

  private static String snake(String camel) {
    StringBuilder snake = new StringBuilder();
    for (int i = 0; i < camel.length(); i++) {
      char c = camel.charAt(i);
      if (Character.isUpperCase(c)) {
        snake.append('_');
      }
      snake.append(Character.toLowerCase(c));
    }
    return snake.toString();
  }
}
