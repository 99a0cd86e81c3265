package io.llmtrace.policies.language;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Unmodifiable copies in the order of the file, which equal policies must share. Stateless. */
final class Copies {
  private Copies() {}

  /** Absent is empty: what an older release wrote has fewer keys. */
  static <T> List<T> list(@Nullable List<T> values) {
    return values == null ? List.of() : Collections.unmodifiableList(new ArrayList<>(values));
  }

  /**
   * In their natural order: sets of enum constants have another one in each process, and what a
   * bundle holds is known by the digest of its JSON.
   */
  static <T extends Comparable<? super T>> Set<T> set(@Nullable Collection<T> values) {
    return values == null || values.isEmpty()
        ? Set.of()
        : Collections.unmodifiableSet(new LinkedHashSet<>(new TreeSet<>(values)));
  }

  static <K, V> Map<K, V> map(@Nullable Map<K, V> values) {
    return values == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }
}
