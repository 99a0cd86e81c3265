package io.llmtrace.cli.doctor;

import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.SecretFiles;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whether somebody else may read files with secrets, or write the configuration and data, and
 * whether the certificates of TLS and their keys can be used. Secrets that a container runtime
 * mounts below {@code /run/secrets} have a mode of its own, and nobody else in the container; they
 * are left out.
 */
final class SecretsCheck implements Check {
  static final String NAME = "secrets";
  private static final List<Path> MOUNTED =
      List.of(Path.of("/run/secrets"), Path.of("/var/run/secrets"));

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Set<String> needs() {
    return Set.of(ConfigurationCheck.NAME);
  }

  @Override
  public Outcome look(Deployment deployment) throws IOException {
    Findings findings = new Findings(NAME);
    Map<Path, String> secrets = new LinkedHashMap<>();
    Path file = deployment.file();
    if (file != null) {
      try {
        SecretFiles.of(file, deployment.env())
            .forEach(each -> secrets.put(each.file().toAbsolutePath(), each.key()));
      } catch (ConfigException e) {
        throw new IOException("the configuration changed while it was looked at", e);
      }
      if (FileModes.isWritableBeyondOwner(FileModes.of(file))) {
        findings.error(
            "Others than its owner may write "
                + file
                + " (mode "
                + FileModes.octal(FileModes.of(file))
                + ")",
            "chmod go-w " + file);
      }
    }
    privateKeys(deployment)
        .forEach((key, named) -> secrets.putIfAbsent(key.toAbsolutePath(), named));
    for (Path directory : directories(deployment)) {
      if (!Files.isDirectory(directory)) {
        continue;
      }
      Set<PosixFilePermission> mode = FileModes.of(directory);
      if (FileModes.isWritableBeyondOwner(mode)) {
        findings.error(
            "Others than its owner may write the data directory "
                + directory
                + " (mode "
                + FileModes.octal(mode)
                + ")",
            "chmod go-w " + directory);
      }
      try (DirectoryStream<Path> keys = Files.newDirectoryStream(directory, "*.{key,keys}")) {
        keys.forEach(key -> secrets.putIfAbsent(key.toAbsolutePath(), ""));
      }
    }
    for (Map.Entry<Path, String> each : secrets.entrySet()) {
      Path secret = each.getKey();
      if (MOUNTED.stream().anyMatch(secret::startsWith) || !Files.isRegularFile(secret)) {
        continue;
      }
      Set<PosixFilePermission> mode = FileModes.of(secret);
      if (FileModes.othersMayRead(mode) || FileModes.isWritableBeyondOwner(mode)) {
        findings.error(
            (each.getValue().isEmpty() ? "The key " : each.getValue() + ": the secret ")
                + secret
                + " is open to others (mode "
                + FileModes.octal(mode)
                + ")",
            "chmod 600 " + secret);
      }
    }
    Certificates.look(deployment, findings);
    return findings.or(secrets.size() + " files with secrets");
  }

  /** Keys of TLS, which the configuration names without {@code file:}. */
  private static Map<Path, String> privateKeys(Deployment deployment) {
    Map<Path, String> keys = new LinkedHashMap<>();
    Path plugin = deployment.config().plugin().controlPlaneTls().privateKey();
    if (plugin != null && deployment.side() != Side.CONTROL_PLANE) {
      keys.put(plugin, "plugin.control_plane_tls.private_key");
    }
    Path controlPlane = deployment.config().controlPlane().tls().privateKey();
    if (controlPlane != null && deployment.side() != Side.PLUGIN) {
      keys.put(controlPlane, "control_plane.tls.private_key");
    }
    return keys;
  }

  private static List<Path> directories(Deployment deployment) {
    Path plugin = deployment.config().plugin().dataDirectory();
    Path controlPlane = deployment.config().controlPlane().dataDirectory();
    return switch (deployment.side()) {
      case PLUGIN -> List.of(plugin);
      case CONTROL_PLANE -> List.of(controlPlane);
      case BOTH -> List.of(plugin, controlPlane);
    };
  }
}
