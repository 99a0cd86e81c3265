package io.llmtrace.policies.redact;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

/**
 * Gives values their numbers: the same value the same number, two values never the same number of a
 * kind.
 */
@FunctionalInterface
public interface Numbering {
  /**
   * A value.
   *
   * @param kind of it, in upper case
   * @param text what is replaced, as the innermost reader would read it
   */
  record Value(String kind, String text) {
    /** Only its kind: the text is what must not be shown. */
    @Override
    public String toString() {
      return "Value[" + kind + "]";
    }
  }

  /**
   * Numbers for values, in their order.
   *
   * @param values distinct, in the order of the document
   * @param taken whether a number of a kind stands for something else already
   * @return as many numbers, from 1 to 999,999; fewer where there are no more
   */
  List<Integer> number(List<Value> values, BiPredicate<String, Integer> taken);

  /**
   * Numbers in the order of the document, and nothing is remembered.
   *
   * @param reserved placeholders that must not be given again
   */
  static Numbering fresh(Collection<String> reserved) {
    return (values, taken) -> {
      Map<String, Integer> last = new HashMap<>();
      return values.stream()
          .map(
              value -> {
                int number = last.getOrDefault(value.kind(), 0) + 1;
                while (taken.test(value.kind(), number)
                    || reserved.contains(Placeholder.of(value.kind(), number))) {
                  number++;
                }
                last.put(value.kind(), number);
                return number;
              })
          .takeWhile(number -> number <= Placeholder.MOST)
          .toList();
    };
  }
}
