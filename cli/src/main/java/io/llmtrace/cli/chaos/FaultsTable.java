package io.llmtrace.cli.chaos;

import java.util.List;
import java.util.Locale;

/**
 * The faults and their expectations as the table of {@code docs/operations/chaos.md}. Stateless.
 */
final class FaultsTable {
  private FaultsTable() {}

  /** Markdown, with a newline at its end. */
  static String markdown(List<Fault> faults) {
    StringBuilder table = new StringBuilder();
    table.append(
        "| fault | group | what happens | for | expected |\n| --- | --- | --- | --- | --- |\n");
    for (Fault fault : faults) {
      String need = fault.need().text();
      table
          .append("| `")
          .append(fault.name())
          .append("` | ")
          .append(fault.group().name().toLowerCase(Locale.ROOT).replace('_', ' '))
          .append(" | ")
          .append(fault.what())
          .append(need.isEmpty() ? "" : "; needs " + need)
          .append(" | ")
          .append(fault.hold().toSeconds())
          .append(" s | ")
          .append(fault.expectation().text())
          .append(" |\n");
    }
    return table.toString();
  }
}
