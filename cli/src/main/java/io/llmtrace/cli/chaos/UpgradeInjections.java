package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.ChaosStack.Part;
import java.io.IOException;
import java.sql.SQLException;

/** Another version takes over while traffic flows. Stateless. */
final class UpgradeInjections {
  private UpgradeInjections() {}

  /**
   * Control plane and plugin of an earlier version, with which the stack was started, give way to
   * those of this one, one after the other.
   */
  static Injection upgrade() {
    return new Injection() {
      private int before;

      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException, SQLException {
        before = migrations(stack);
        stack.process(Part.CONTROL_PLANE).close();
        stack.start(Part.CONTROL_PLANE);
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        stack.process(Part.PLUGIN).close();
        stack.start(Part.PLUGIN);
      }

      @Override
      public void after(ChaosStack stack) throws IOException, SQLException {
        int now = migrations(stack);
        if (now <= before) {
          throw new IOException(
              "the schema did not change: %d migrations before and %d now".formatted(before, now));
        }
      }
    };
  }

  private static int migrations(ChaosStack stack) throws SQLException {
    return Integer.parseInt(
        stack.database().column("SELECT count(*) FROM databasechangelog").get(0));
  }
}
