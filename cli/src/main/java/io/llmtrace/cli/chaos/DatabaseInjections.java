package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.ChaosStack.Link;
import io.llmtrace.testkit.faults.Weather;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;

/** Faults of the database's server. Stateless. */
final class DatabaseInjections {
  /** More than the server takes. */
  private static final int MANY = 200;

  private DatabaseInjections() {}

  /** {@code kill -9} of the server and its children; started again on the same data. */
  static Injection kill() {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        stack.database().kill();
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        stack.database().restart();
      }
    };
  }

  /** SIGSTOP of the server and its children. */
  static Injection stop() {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        Injections.stopped(stack.database().processes());
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        Signals.send("CONT", stack.database().processes());
      }
    };
  }

  /** Another server takes over: connections end, it answers at another place. */
  static Injection failOver() {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        stack.link(Link.DATABASE).set(new Weather.Reset());
        stack.database().kill();
        stack.database().restart();
        stack.link(Link.DATABASE).set(Weather.pass());
      }

      @Override
      public void end(ChaosStack stack) {
        // The other one has been there since it took over.
      }
    };
  }

  /** Every transaction is read-only, as on a replica or a disk that protects itself. */
  static Injection readOnly() {
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws SQLException, InterruptedException, IOException {
        set(stack, "on");
        Thread.sleep(200);
        try {
          stack.database().execute("CREATE TABLE chaos_probe (one int)");
        } catch (SQLException e) {
          if ("25006".equals(e.getSQLState())) {
            return;
          }
          throw e;
        }
        throw new IOException("the database still takes writes");
      }

      @Override
      public void end(ChaosStack stack) throws SQLException {
        set(stack, "off");
      }

      private void set(ChaosStack stack, String value) throws SQLException {
        // Explicitly writable: this connection is under the setting that it takes back.
        try (Connection connection = stack.database().connect();
            var statement = connection.createStatement()) {
          statement.execute("ALTER SYSTEM SET default_transaction_read_only = " + value);
          statement.execute("SELECT pg_reload_conf()");
        }
      }
    };
  }

  /** Others hold every connection that the server has, and the control plane's are cut. */
  static Injection noConnections() {
    Deque<Connection> held = new ArrayDeque<>();
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException {
        stack.link(Link.DATABASE).set(new Weather.Refuse());
        for (int i = 0; i < MANY; i++) {
          try {
            held.push(stack.database().connect());
          } catch (SQLException e) {
            // 53300: too many connections, which is what is wanted.
            stack.link(Link.DATABASE).set(Weather.pass());
            if ("53300".equals(e.getSQLState())) {
              return;
            }
            throw new IOException("expected the server to have no connection left", e);
          }
        }
        throw new IOException("the server took " + MANY + " connections");
      }

      @Override
      public void end(ChaosStack stack) throws SQLException {
        while (!held.isEmpty()) {
          held.pop().close();
        }
      }
    };
  }
}
