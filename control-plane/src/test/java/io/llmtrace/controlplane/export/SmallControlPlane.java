package io.llmtrace.controlplane.export;

import io.llmtrace.controlplane.ControlPlane;
import io.llmtrace.runtime.config.DatabaseConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.Secret;
import java.io.OutputStream;
import java.nio.file.Path;

/** A control plane in a process of its own, whose heap is bounded; it ends with its input. */
final class SmallControlPlane {
  private SmallControlPlane() {}

  public static void main(String[] arguments) throws Exception {
    LlmtraceConfig defaults = LlmtraceConfig.defaults();
    ControlPlane service =
        ControlPlane.start(
            defaults.withControlPlane(
                defaults
                    .controlPlane()
                    .withPorts(0, 0)
                    .withDataDirectory(Path.of(arguments[0]))
                    .withDatabase(
                        new DatabaseConfig(Secret.of(arguments[1]), "postgres", null, 4))));
    System.out.println("PORT " + service.port());
    System.in.transferTo(OutputStream.nullOutputStream());
    service.close();
  }
}
