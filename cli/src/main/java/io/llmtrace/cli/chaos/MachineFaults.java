package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.ChaosStack.Part;
import io.llmtrace.cli.chaos.Fault.Group;
import io.llmtrace.cli.chaos.Machine.Need;
import java.time.Duration;
import java.util.List;

/** Faults of the machine: too little of something, clocks and certificates. Stateless. */
final class MachineFaults {
  private static final Duration SHORT = Duration.ofSeconds(2);
  private static final Duration HOLD = Duration.ofSeconds(4);

  private MachineFaults() {}

  static List<Fault> all() {
    return List.of(
        Faults.fault(
            "cpu-starved",
            Group.MACHINE,
            "the plugin runs for a fifth of the time",
            HOLD,
            12,
            MachineInjections::starved,
            Expectation.unnoticed().reasons("budget", "overload").adds(Faults.COLD)),
        Faults.on(
            Need.PRLIMIT,
            Faults.fault(
                "handles-exhausted",
                Group.MACHINE,
                "the plugin can open no file and take no connection",
                SHORT,
                13,
                MachineInjections::noHandles,
                Faults.refused().adds(Faults.COLD))),
        Faults.on(
            Need.FAKETIME,
            Faults.fault(
                "clock-an-hour-ahead",
                Group.MACHINE,
                "the plugin's clock goes an hour ahead; it is restarted for that, under a library that slows it",
                SHORT,
                26,
                () -> MachineInjections.clock(Duration.ofHours(1)),
                slowed())),
        Faults.on(
            Need.FAKETIME,
            Faults.fault(
                "clock-an-hour-back",
                Group.MACHINE,
                "the plugin's clock goes an hour back; it is restarted for that, under a library that slows it",
                SHORT,
                26,
                () -> MachineInjections.clock(Duration.ofHours(-1)),
                slowed())),
        Faults.fault(
            "certificate-expired",
            Group.MACHINE,
            "the certificate that the plugin is shown for the control plane has run out",
            HOLD,
            20,
            TlsInjections::expired,
            Expectation.unnoticed().reasons("budget", "overload").adds(Faults.COLD)),
        Faults.fault(
            "small-heap",
            Group.MACHINE,
            "the plugin has a heap of 96 MiB and gets bodies of 16 MiB; it is restarted for that",
            HOLD,
            28,
            () ->
                Injection.within(
                    Injections.startedWith(Part.PLUGIN, List.of("-Xmx96m")),
                    ClientInjections.bigBodies()),
            Expectation.unnoticed()
                .errors(ClientError.CLOSED_ROUTE)
                .reasons("breaker", "degraded", "budget", "overload", "memory", "too_large")
                .adds(Duration.ofSeconds(4))));
  }

  /** libfaketime makes inspections late, until the breaker opens. */
  private static Expectation slowed() {
    return Faults.away()
        .reasons("degraded", "budget", "overload", "breaker")
        .adds(Duration.ofSeconds(10));
  }
}
