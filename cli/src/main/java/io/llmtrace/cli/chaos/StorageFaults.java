package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.Fault.Group;
import io.llmtrace.cli.chaos.Machine.Need;
import java.time.Duration;
import java.util.List;

/** Faults of disks and of what is on them. Stateless. */
final class StorageFaults {
  private static final Duration SHORT = Duration.ofSeconds(2);

  private StorageFaults() {}

  static List<Fault> all() {
    return List.of(
        Faults.fault(
            "spool-gone",
            Group.STORAGE,
            "the directory of the spool is not where it was",
            SHORT,
            12,
            StorageInjections::spoolGone,
            Faults.noSpool()),
        Faults.on(
            Need.MOUNT,
            Faults.fault(
                "spool-full",
                Group.STORAGE,
                "the spool's disk has no byte left",
                SHORT,
                12,
                StorageInjections::spoolFull,
                Faults.noSpool())),
        Faults.on(
            Need.MOUNT,
            Faults.fault(
                "spool-read-only",
                Group.STORAGE,
                "no file can be made on the spool's disk",
                SHORT,
                12,
                StorageInjections::spoolReadOnly,
                Faults.noSpool())),
        Faults.fault(
            "spool-corrupt",
            Group.STORAGE,
            "kill -9 of the plugin, and a byte of a batch in its spool is another one",
            SHORT,
            18,
            StorageInjections::spoolCorrupt,
            Faults.away().loses("spool_corrupt")),
        Faults.fault(
            "bundle-corrupt",
            Group.STORAGE,
            "kill -9 of the plugin, and a byte of the policies that it keeps is another one",
            SHORT,
            18,
            () -> StorageInjections.damaged("policies.bundle"),
            Faults.away()),
        Faults.fault(
            "policy-file-corrupt",
            Group.STORAGE,
            "policies are brought to the control plane with another byte and cut in half",
            SHORT,
            8,
            PolicyInjections::damaged,
            Expectation.unnoticed()),
        Faults.fault(
            "conf-tokens-corrupt",
            Group.STORAGE,
            "kill -9 of the plugin, and a byte of the route settings that it keeps is another one",
            SHORT,
            18,
            () -> StorageInjections.damaged("conf-tokens.log"),
            Faults.away()),
        Faults.fault(
            "model-corrupt",
            Group.STORAGE,
            "kill -9 of the plugin, and a byte of its model is another one than its checksum is of",
            SHORT,
            25,
            ModelInjections::damaged,
            Faults.away()),
        Faults.on(
            Need.MOUNT,
            Faults.fault(
                "log-disk-full",
                Group.STORAGE,
                "the disk that the plugin logs to has no byte left; it is restarted for that",
                SHORT,
                25,
                StorageInjections::logsFull,
                Faults.away())));
  }
}
