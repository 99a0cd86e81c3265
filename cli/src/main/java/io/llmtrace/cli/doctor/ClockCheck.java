package io.llmtrace.cli.doctor;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Whether this machine, the control plane and the database agree on the time: bundles and keys have
 * an end, and exchanges are filed by day.
 */
final class ClockCheck implements Check {
  static final String NAME = "clock";

  /** A Date header has whole seconds, and an answer takes a while. */
  private static final Duration MOST = Duration.ofSeconds(5);

  private static final String MEND = "sudo timedatectl set-ntp true   # on both machines";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Set<String> needs() {
    return Set.of(ConfigurationCheck.NAME, ControlPlaneCheck.NAME);
  }

  @Override
  public Outcome look(Deployment deployment) throws InterruptedException {
    Findings findings = new Findings(NAME);
    Duration off = Duration.ZERO;
    try {
      Peer.Answer answer = Peer.controlPlane(deployment, "/livez", Map.of());
      Optional<Instant> date = answer.headers().firstValue("date").flatMap(ClockCheck::parse);
      if (date.isPresent()) {
        off = Duration.between(deployment.clock().instant(), date.get());
        judge("The control plane's clock", off, findings);
      }
    } catch (Peer.SilentException e) {
      return new Outcome.Skipped("the control plane " + e.getMessage());
    }
    if (deployment.side() != Side.PLUGIN
        && deployment.config().controlPlane().database().url() != null) {
      try (Connection connection = Database.open(deployment);
          Statement sql = connection.createStatement();
          ResultSet rows = sql.executeQuery("SELECT extract(epoch FROM clock_timestamp())")) {
        rows.next();
        Instant now = Instant.ofEpochMilli((long) (rows.getDouble(1) * 1000));
        judge(
            "The database's clock", Duration.between(deployment.clock().instant(), now), findings);
      } catch (SQLException e) {
        // "database" says so, with what mends it.
        return findings.or("the control plane agrees; the database cannot be asked");
      }
    }
    return findings.or("differs by " + Math.abs(off.toSeconds()) + " s at most");
  }

  private static void judge(String whose, Duration off, Findings findings) {
    if (off.abs().compareTo(MOST) > 0) {
      findings.error(
          whose
              + " is "
              + off.abs().toSeconds()
              + " s "
              + (off.isNegative() ? "behind" : "ahead of")
              + " this machine's: bundles may be refused as expired, and records filed under a"
              + " wrong day",
          MEND);
    }
  }

  private static Optional<Instant> parse(String date) {
    try {
      return Optional.of(
          ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
