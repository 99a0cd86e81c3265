package io.llmtrace.cli.stack;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Other JVMs of tests compile as this one does: in the ordinary build without the second compiler,
 * which takes half of the time that a stack needs to start; in the long one as in production.
 */
public final class ChildJvm {
  private static final List<String> OWN =
      ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
          .filter(each -> each.startsWith("-XX:TieredStopAtLevel") || each.endsWith("UseSerialGC"))
          .toList();

  private ChildJvm() {}

  /** Options of a JVM, beside others. */
  public static List<String> options(String... others) {
    List<String> all = new ArrayList<>(List.of(others));
    all.addAll(OWN);
    return all;
  }

  /** The same for a JVM that starts others: variables of its environment. */
  public static Map<String, String> environment() {
    return OWN.isEmpty() ? Map.of() : Map.of("JDK_JAVA_OPTIONS", String.join(" ", OWN));
  }
}
