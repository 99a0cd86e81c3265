package io.llmtrace.controlplane.ingest;

import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.wire.Batch;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.util.ArrayList;
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
            && name.chars().noneMatch(Character::isISOControl)
            // What the database would change is another name when it comes back.
            && StorableJson.text(name).equals(name);
    return good
        ? null
        : key
            + ": expected a name of 1 to "
            + LONGEST_NAME
            + " characters without control codes or halves of surrogate pairs";
  }

  /**
   * What is wrong with a wire record, or null.
   *
   * @param path where it stands, for the message
   */
  static @Nullable String problem(Record value, String path) {
    String problem = inside(value);
    return problem == null ? null : path + problem;
  }

  /** The same, with the place from the record on: places are written for what is wrong only. */
  private static @Nullable String inside(Record value) {
    for (Component component : COMPONENTS.get(value.getClass())) {
      Object held = component.of(value);
      if (held == null && component.nullable()) {
        continue;
      }
      String problem = problem(held);
      if (problem != null) {
        return snake(component.name()) + problem;
      }
    }
    return null;
  }

  private static @Nullable String problem(@Nullable Object held) {
    if (held == null) {
      return ": expected a value";
    }
    if (held instanceof BigDecimal amount && Math.abs((long) amount.scale()) > LONGEST_SCALE) {
      return ": expected a number of at most " + LONGEST_SCALE + " decimals";
    }
    if (held instanceof Number number) {
      double value = number.doubleValue();
      return value >= 0 && !Double.isInfinite(value) ? null : ": expected a number from 0";
    }
    if (held instanceof String text) {
      return text.length() <= LONGEST_TEXT
          ? null
          : ": expected at most " + LONGEST_TEXT + " characters";
    }
    if (held instanceof Record inner) {
      String problem = inside(inner);
      return problem == null ? null : "." + problem;
    }
    if (held instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        String problem = problem(list.get(i));
        if (problem != null) {
          return "[" + i + "]" + problem;
        }
      }
    }
    if (held instanceof Map<?, ?> map) {
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        String problem = problem(entry.getValue());
        if (problem != null) {
          return "." + entry.getKey() + problem;
        }
      }
    }
    return null;
  }

  /** A component of a kind of record; what reflection says of it is asked once. */
  private record Component(String name, boolean nullable, MethodHandle accessor) {
    // A handle says that it may throw anything; these are plain accessors.
    @SuppressWarnings("CatchingUnchecked")
    @Nullable Object of(Record value) {
      try {
        return accessor.invokeExact(value);
      } catch (Throwable e) {
        throw new IllegalStateException("accessors of wire records do not fail", e);
      }
    }
  }

  private static final ClassValue<List<Component>> COMPONENTS =
      new ClassValue<>() {
        @Override
        protected List<Component> computeValue(Class<?> type) {
          List<Component> components = new ArrayList<>();
          for (RecordComponent component : type.getRecordComponents()) {
            try {
              components.add(
                  new Component(
                      component.getName(),
                      component.getAnnotatedType().isAnnotationPresent(Nullable.class),
                      MethodHandles.publicLookup()
                          .unreflect(component.getAccessor())
                          .asType(MethodType.methodType(Object.class, Record.class))));
            } catch (IllegalAccessException e) {
              throw new IllegalStateException("wire records are public", e);
            }
          }
          return List.copyOf(components);
        }
      };

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
