package io.llmtrace.cli.doctor;

import io.llmtrace.runtime.config.LlmtraceConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Whether data directories can be written and have room, and the spool is far from its limit. */
final class DiskCheck implements Check {
  static final String NAME = "disk";
  private static final int NEAR_PERCENT = 80;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Set<String> needs() {
    return Set.of(ConfigurationCheck.NAME);
  }

  @Override
  public Outcome look(Deployment deployment) throws IOException, InterruptedException {
    Findings findings = new Findings(NAME);
    LlmtraceConfig config = deployment.config();
    List<Path> directories = new ArrayList<>();
    if (deployment.side() != Side.CONTROL_PLANE) {
      directories.add(config.plugin().dataDirectory());
    }
    if (deployment.side() != Side.PLUGIN) {
      directories.add(config.controlPlane().dataDirectory());
    }
    for (Path directory : directories) {
      look(directory, deployment.machine(), findings);
    }
    if (deployment.side() != Side.CONTROL_PLANE) {
      spool(config, deployment, findings);
    }
    return findings.or(directories.size() + " data directories");
  }

  private static void look(Path directory, Deployment.Machine machine, Findings findings)
      throws IOException, InterruptedException {
    Path there = directory.toAbsolutePath();
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there)) {
      findings.error(
          "The data directory "
              + directory
              + " cannot be made, because "
              + there
              + " is no directory",
          "rm " + there + " && mkdir -p " + directory);
      return;
    }
    if (!Files.isWritable(there)) {
      findings.error(
          "The user "
              + System.getProperty("user.name")
              + " may not write the data directory "
              + directory,
          "sudo chown -R " + System.getProperty("user.name") + " " + there);
      return;
    }
    long free = Files.getFileStore(there).getUsableSpace();
    if (free < machine.leastFree()) {
      findings.error(
          "Only "
              + mebibytes(free)
              + " are free below "
              + directory
              + ": expected at least "
              + mebibytes(machine.leastFree()),
          "df -h " + there + "   # then free space, or move data_directory to another disk");
    }
    OptionalLong inodes = freeInodes(there);
    if (inodes.isPresent() && inodes.getAsLong() < machine.leastInodes()) {
      findings.error(
          "Only "
              + inodes.getAsLong()
              + " inodes are free below "
              + directory
              + ": expected at least "
              + machine.leastInodes(),
          "df -i " + there + "   # then remove small files, or move data_directory");
    }
  }

  private static void spool(LlmtraceConfig config, Deployment deployment, Findings findings)
      throws IOException {
    Path spool = config.plugin().dataDirectory().resolve("spool");
    if (!Files.isDirectory(spool)) {
      return;
    }
    long bytes = bytesBelow(spool);
    long most = config.plugin().spool().maxBytes();
    if (bytes * 100 >= most * NEAR_PERCENT) {
      String cause =
          "The spool holds "
              + bytes * 100 / most
              + " % of what it may ("
              + bytes
              + " of "
              + most
              + " bytes), because the control plane does not take records";
      String mend =
          "mend what \"control_plane\" and \"key\" tell; if they are fine, raise"
              + " plugin.spool.max_bytes in "
              + deployment.fileName()
              + " and restart the plugin";
      if (bytes >= most) {
        findings.error(cause + "; further ones are dropped", mend);
      } else {
        findings.warning(cause, mend);
      }
    }
  }

  /** Files come and go while they are counted. */
  private static long bytesBelow(Path directory) throws IOException {
    long[] bytes = {0};
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            bytes[0] += attributes.size();
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException gone) {
            return FileVisitResult.CONTINUE;
          }
        });
    return bytes[0];
  }

  /** Java does not tell inodes; {@code df} does, where it is there and the file system has any. */
  private static OptionalLong freeInodes(Path directory) throws InterruptedException {
    Process df;
    try {
      df = new ProcessBuilder("df", "-Pi", directory.toString()).redirectErrorStream(true).start();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
    try {
      if (!df.waitFor(5, TimeUnit.SECONDS)) {
        return OptionalLong.empty();
      }
      String[] lines =
          new String(df.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\n", -1);
      String[] columns = lines.length < 2 ? new String[0] : lines[1].trim().split("\\s+", -1);
      // A file system without inodes of its own, such as btrfs, says that it has 0.
      return columns.length < 4 || !columns[1].matches("[1-9][0-9]*") || !columns[3].matches("\\d+")
          ? OptionalLong.empty()
          : OptionalLong.of(Long.parseLong(columns[3]));
    } catch (IOException e) {
      return OptionalLong.empty();
    } finally {
      df.destroyForcibly();
    }
  }

  private static String mebibytes(long bytes) {
    return (bytes >> 20) + " MiB";
  }
}
