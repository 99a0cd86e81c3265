package io.llmtrace.runtime.config;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.LoggerFactory;

/** The host's own name, without asking DNS where the system already says it. */
final class HostName {
  private static final Path KERNEL_NAME = Path.of("/proc/sys/kernel/hostname");

  private HostName() {}

  static String of(Map<String, String> env) {
    String fromEnv = env.getOrDefault("HOSTNAME", "");
    if (!fromEnv.isBlank()) {
      return usable(fromEnv);
    }
    try {
      if (Files.isReadable(KERNEL_NAME)) {
        String name = Files.readString(KERNEL_NAME).trim();
        if (!name.isEmpty()) {
          return usable(name);
        }
      }
      return usable(InetAddress.getLocalHost().getHostName());
    } catch (UnknownHostException e) {
      // A host that cannot resolve its own name is common in containers, and no reason to stop.
      LoggerFactory.getLogger(HostName.class).debug("This host does not know its own name", e);
      return "localhost";
    } catch (IOException e) {
      LoggerFactory.getLogger(HostName.class).debug("{} cannot be read", KERNEL_NAME, e);
      return "localhost";
    }
  }

  /** A name that may be a label: anything else in it becomes a dash. */
  private static String usable(String name) {
    String cut = name.length() > 64 ? name.substring(0, 64) : name;
    return cut.replaceAll("[^A-Za-z0-9._-]", "-");
  }
}
