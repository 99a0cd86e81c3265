package io.llmtrace.cli.doctor;

import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Properties;

/**
 * The Java version, the memory it may use, and what keeps native libraries from being loaded. A
 * library that is missing is told by "models".
 */
final class JavaCheck implements Check {
  static final String NAME = "java";
  private static final int OLDEST = 17;
  private static final long LEAST_HEAP = 192L << 20;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Outcome look(Deployment deployment) throws IOException {
    Findings findings = new Findings(NAME);
    Properties properties = deployment.machine().properties();
    String version = properties.getProperty("java.specification.version", "0");
    if (feature(version) < OLDEST) {
      findings.error(
          "Java " + version + " is too old: expected " + OLDEST + " or newer",
          "sudo apt-get install openjdk-17-jre-headless");
    }
    Path temporary = Path.of(properties.getProperty("java.io.tmpdir", "/tmp"));
    if (!Files.isDirectory(temporary) || !canWrite(temporary)) {
      findings.error(
          "Native libraries cannot be unpacked: java.io.tmpdir is "
              + temporary
              + ", where nothing can be written",
          "mkdir -p /var/lib/llmtrace/tmp && export"
              + " JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=/var/lib/llmtrace/tmp");
    }
    long heap = deployment.machine().heap();
    if (heap < LEAST_HEAP) {
      findings.warning(
          "Java may use only "
              + (heap >> 20)
              + " MiB of heap: expected at least "
              + (LEAST_HEAP >> 20),
          "export JAVA_TOOL_OPTIONS=-Xmx512m");
    }
    boolean linux =
        properties.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("linux");
    if (linux && findings.none() && !Epoll.isAvailable()) {
      findings.warning(
          "Netty's epoll transport cannot be loaded ("
              + Epoll.unavailabilityCause()
              + "), so that the slower one of Java is used",
          "use a JRE for linux with glibc or musl on x86_64 or aarch64, and a java.io.tmpdir that"
              + " is not mounted noexec");
    }
    return findings.or(
        "Java "
            + properties.getProperty("java.version", version)
            + ", "
            + (heap >> 20)
            + " MiB of heap");
  }

  private static int feature(String version) {
    String first = version.startsWith("1.") ? version.substring(2) : version;
    String digits = first.replaceFirst("[^0-9].*", "");
    return digits.isEmpty() || digits.length() > 4 ? 0 : Integer.parseInt(digits);
  }

  private static boolean canWrite(Path directory) {
    try {
      Files.delete(Files.createTempFile(directory, "llmtrace-doctor", null));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
