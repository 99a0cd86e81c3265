package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.ChaosStack.Link;
import io.llmtrace.cli.chaos.ChaosStack.Part;
import io.llmtrace.cli.chaos.Fault.Group;
import io.llmtrace.cli.chaos.Machine.Need;
import io.llmtrace.testkit.faults.Weather;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** All faults with what is expected of each. Stateless. */
final class Faults {
  private static final Duration SHORT = Duration.ofSeconds(2);
  private static final Duration HOLD = Duration.ofSeconds(4);

  /** A cold JVM looks at its first exchanges with interpreted code. */
  static final Duration COLD = Duration.ofSeconds(2);

  /** A page that some proxy in between shows. */
  private static final Weather PAGE =
      Weather.Answer.http("200 OK", "text/html", "<html><body>Please log in.</body></html>");

  private static final Weather ERROR =
      Weather.Answer.http("500 Internal Server Error", "application/json", "{\"title\":\"no\"}");

  private Faults() {}

  /** In the order in which they are run; a sample takes the first of each group first. */
  static List<Fault> all() {
    List<Fault> all = new ArrayList<>();
    all.add(
        on(
            Need.PREVIOUS,
            fault(
                "upgrade",
                Group.UPGRADE,
                "an earlier version runs; the control plane is replaced, then the plugin",
                SHORT,
                30,
                UpgradeInjections::upgrade,
                away())));
    all.addAll(plugin());
    all.addAll(controlPlane());
    all.addAll(database());
    all.addAll(StorageFaults.all());
    all.addAll(provider());
    all.addAll(gateway());
    all.addAll(MachineFaults.all());
    all.addAll(pairs());
    return List.copyOf(all);
  }

  private static List<Fault> plugin() {
    return List.of(
        fault(
            "plugin-killed",
            Group.PLUGIN,
            "kill -9 of the plugin, away for two seconds",
            SHORT,
            18,
            () -> Injections.kill(Part.PLUGIN),
            away()),
        fault(
            "plugin-stopped",
            Group.PLUGIN,
            "SIGSTOP of the plugin for two seconds",
            SHORT,
            10,
            () -> Injections.stop(Part.PLUGIN),
            Expectation.unnoticed()
                .reasons("budget", "overload")
                .adds(SHORT.plus(Duration.ofSeconds(1)))),
        fault(
            "plugin-restarted",
            Group.PLUGIN,
            "the plugin is told to end (within ten seconds) and starts again",
            SHORT,
            16,
            () -> Injections.restart(Part.PLUGIN),
            away()));
  }

  private static List<Fault> controlPlane() {
    return List.of(
        fault(
            "control-plane-killed",
            Group.CONTROL_PLANE,
            "kill -9 of the control plane, away for four seconds",
            HOLD,
            20,
            () -> Injections.kill(Part.CONTROL_PLANE),
            Expectation.unnoticed()),
        fault(
            "control-plane-stopped",
            Group.CONTROL_PLANE,
            "SIGSTOP of the control plane for four seconds",
            HOLD,
            11,
            () -> Injections.stop(Part.CONTROL_PLANE),
            Expectation.unnoticed()),
        link(
            "control-plane-refuses",
            Link.CONTROL_PLANE,
            new Weather.Refuse(),
            "refuses connections"),
        link(
            "control-plane-hangs",
            Link.CONTROL_PLANE,
            new Weather.Hang(),
            "takes connections and never answers"),
        link(
            "control-plane-slow",
            Link.CONTROL_PLANE,
            new Weather.Delay(Duration.ofMillis(700)),
            "is 700 ms away"),
        link("control-plane-errors", Link.CONTROL_PLANE, ERROR, "answers everything with 500"),
        link(
            "control-plane-wrong-answers",
            Link.CONTROL_PLANE,
            PAGE,
            "answers everything with 200 and a page of HTML"),
        link(
            "control-plane-cut",
            Link.CONTROL_PLANE,
            new Weather.Cut(40),
            "resets connections in the middle of answers"),
        fault(
            "names-gone",
            Group.CONTROL_PLANE,
            "the control plane's name resolves no more, and connections to it are gone",
            HOLD,
            12,
            Injections::noNames,
            Expectation.unnoticed()),
        fault(
            "control-plane-restarted",
            Group.CONTROL_PLANE,
            "the control plane is told to end (within ten seconds) and starts again",
            SHORT,
            20,
            () -> Injections.restart(Part.CONTROL_PLANE),
            Expectation.unnoticed()),
        fault(
            "alert-sink-down",
            Group.CONTROL_PLANE,
            "the receiver of alerts refuses connections; afterwards it is told, once",
            HOLD,
            30,
            AlertInjections::sinkDown,
            Expectation.unnoticed()));
  }

  private static List<Fault> database() {
    return List.of(
        fault(
            "database-killed",
            Group.DATABASE,
            "kill -9 of PostgreSQL, away for four seconds",
            HOLD,
            14,
            DatabaseInjections::kill,
            Expectation.unnoticed()),
        fault(
            "database-stopped",
            Group.DATABASE,
            "SIGSTOP of PostgreSQL for four seconds",
            HOLD,
            12,
            DatabaseInjections::stop,
            Expectation.unnoticed()),
        fault(
            "database-fails-over",
            Group.DATABASE,
            "another PostgreSQL takes over, on the same data and another port",
            SHORT,
            12,
            DatabaseInjections::failOver,
            Expectation.unnoticed()),
        fault(
            "database-read-only",
            Group.DATABASE,
            "every transaction is read-only",
            HOLD,
            12,
            DatabaseInjections::readOnly,
            Expectation.unnoticed()),
        fault(
            "database-out-of-connections",
            Group.DATABASE,
            "others hold every connection that PostgreSQL has",
            HOLD,
            13,
            DatabaseInjections::noConnections,
            Expectation.unnoticed()),
        link("database-refuses", Link.DATABASE, new Weather.Refuse(), "refuses connections"),
        link(
            "database-hangs",
            Link.DATABASE,
            new Weather.Hang(),
            "takes connections and never answers"),
        link("database-resets", Link.DATABASE, new Weather.Reset(), "resets connections"));
  }

  private static List<Fault> provider() {
    return List.of(
        fault(
            "provider-down",
            Group.PROVIDER,
            "the provider refuses connections",
            SHORT,
            9,
            () -> Injections.network(Link.PROVIDER, new Weather.Refuse()),
            Expectation.unnoticed().errors(ClientError.NO_PROVIDER, ClientError.CUT)),
        fault(
            "provider-slow",
            Group.PROVIDER,
            "the provider is a second away",
            SHORT,
            11,
            () -> Injections.network(Link.PROVIDER, new Weather.Delay(Duration.ofSeconds(1))),
            Expectation.unnoticed().adds(Duration.ofSeconds(4))),
        fault(
            "provider-resets",
            Group.PROVIDER,
            "the provider resets connections in the middle of answers",
            SHORT,
            9,
            () -> Injections.network(Link.PROVIDER, new Weather.Cut(500)),
            Expectation.unnoticed()
                .errors(ClientError.CUT, ClientError.CONNECTION, ClientError.NO_PROVIDER)));
  }

  private static List<Fault> gateway() {
    return List.of(
        fault(
            "gateway-killed",
            Group.GATEWAY,
            "kill -9 of the gateway, away for two seconds",
            SHORT,
            14,
            () -> Injections.kill(Part.GATEWAY),
            Expectation.unnoticed()
                .errors(ClientError.CONNECTION, ClientError.CUT)
                .withoutLog()
                .adds(COLD)),
        fault(
            "half-frames",
            Group.GATEWAY,
            "sixty connections to the plugin on which half a frame comes",
            SHORT,
            9,
            ClientInjections::halfFrames,
            Expectation.unnoticed()),
        fault(
            "slow-readers",
            Group.GATEWAY,
            "sixty clients ask for a stream and do not read it",
            SHORT,
            10,
            ClientInjections::slowReaders,
            // All sixty are looked at first, at once.
            Expectation.unnoticed().adds(Duration.ofMillis(500))),
        fault(
            "big-bodies",
            Group.GATEWAY,
            "six bodies of nearly 16 MiB at once",
            SHORT,
            14,
            ClientInjections::bigBodies,
            Expectation.unnoticed()
                .reasons("budget", "overload", "memory")
                .adds(Duration.ofSeconds(3))),
        fault(
            "gateway-restarted",
            Group.GATEWAY,
            "the gateway ends and starts again",
            SHORT,
            13,
            () -> Injections.restart(Part.GATEWAY),
            Expectation.unnoticed()
                .errors(ClientError.CONNECTION, ClientError.CUT)
                .withoutLog()
                .adds(COLD)));
  }

  private static List<Fault> pairs() {
    return List.of(
        fault(
            "plugin-killed-while-control-plane-refuses",
            Group.PAIR,
            "kill -9 of the plugin while its spool cannot be sent",
            SHORT,
            20,
            () ->
                Injection.both(
                    Injections.kill(Part.PLUGIN),
                    Duration.ZERO,
                    Injections.network(Link.CONTROL_PLANE, new Weather.Refuse())),
            away()),
        fault(
            "control-plane-killed-while-database-hangs",
            Group.PAIR,
            "kill -9 of the control plane while its database hangs",
            HOLD,
            22,
            () ->
                Injection.both(
                    Injections.network(Link.DATABASE, new Weather.Hang()),
                    Duration.ofSeconds(1),
                    Injections.kill(Part.CONTROL_PLANE)),
            Expectation.unnoticed()));
  }

  /** Traffic passes as the routes say, and is recorded as degraded; the next process is cold. */
  static Expectation away() {
    return Expectation.unnoticed()
        .errors(ClientError.CLOSED_ROUTE)
        .reasons("degraded", "budget", "overload")
        .adds(COLD);
  }

  /** Records cannot be kept: they are counted as lost, and the breaker opens until they can be. */
  static Expectation refused() {
    return Expectation.unnoticed()
        .reasons("breaker", "degraded", "budget", "overload")
        .mayLose("spool_refused", "spool_full", "spool_missing");
  }

  /** The same, and for certain, as traffic goes on. */
  static Expectation noSpool() {
    return refused().loses("spool_refused", "spool_full", "spool_missing");
  }

  static Fault on(Need need, Fault fault) {
    return new Fault(
        fault.name(),
        fault.group(),
        fault.what(),
        need,
        fault.hold(),
        fault.seconds(),
        fault.injection(),
        fault.expectation());
  }

  private static Fault link(String name, Link link, Weather weather, String what) {
    Group group = link == Link.DATABASE ? Group.DATABASE : Group.CONTROL_PLANE;
    String who = link == Link.DATABASE ? "the database " : "the control plane ";
    return fault(
        name,
        group,
        who + what,
        HOLD,
        12,
        () -> Injections.network(link, weather),
        Expectation.unnoticed());
  }

  static Fault fault(
      String name,
      Group group,
      String what,
      Duration hold,
      int seconds,
      Supplier<Injection> injection,
      Expectation expectation) {
    return new Fault(name, group, what, Need.NOTHING, hold, seconds, injection, expectation);
  }
}
