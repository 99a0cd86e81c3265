package io.llmtrace.cli;

import io.llmtrace.runtime.config.ControlPlaneConfig;
import io.llmtrace.runtime.config.PluginConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Why a process did not start, in one line: the configuration's key, what it says, and what would
 * be right. What is no fault of the machine or of the configuration is none of its business, and
 * keeps its stack trace. Immutable.
 */
final class StartFailure {
  private static final Logger LOG = LoggerFactory.getLogger(StartFailure.class);
  private static final int LONGEST_CHAIN = 20;

  /** A message that begins with a key says enough already. */
  private static final Pattern KEYED = Pattern.compile("[a-z_]+(\\.[a-z_\\[\\]0-9]+)+: ");

  private final List<Port> ports;
  private final List<Place> places;

  private record Port(String bindKey, String key, String address, int number) {}

  private record Place(String key, Path path) {}

  private StartFailure(List<Port> ports, List<Place> places) {
    this.ports = ports;
    this.places = places;
  }

  /** For a plugin of this configuration. */
  static StartFailure of(PluginConfig config) {
    List<Place> places = new ArrayList<>();
    places.add(new Place("plugin.data_directory", absolute(config.dataDirectory())));
    Path folder = absolute(config.socket()).getParent();
    if (folder != null) {
      places.add(new Place("plugin.socket", folder));
    }
    return new StartFailure(
        List.of(new Port("plugin.bind", "plugin.port", config.bind(), config.port())), places);
  }

  /** For a control plane of this configuration. */
  static StartFailure of(ControlPlaneConfig config) {
    List<Place> places = new ArrayList<>();
    Path keyring = config.content().keyring();
    if (keyring != null) {
      places.add(new Place("control_plane.content.keyring", absolute(keyring)));
    }
    places.add(new Place("control_plane.data_directory", absolute(config.dataDirectory())));
    return new StartFailure(
        List.of(
            new Port("control_plane.bind", "control_plane.port", config.bind(), config.port()),
            new Port(
                "control_plane.bind", "control_plane.admin_port", "127.0.0.1", config.adminPort())),
        places);
  }

  /**
   * Tells the line where there is one.
   *
   * @return the exit code, 1
   * @throws E what is no fault of the machine or of the configuration
   */
  <E extends Exception> int tell(E failure, PrintWriter err) throws E {
    String line = line(failure).orElse(null);
    if (line == null) {
      throw failure;
    }
    // The line may be of a fault of ours after all: logging.level debug shows where it came from.
    LOG.debug("the start ended", failure);
    err.println(line);
    err.flush();
    return 1;
  }

  /**
   * The line, or empty for what only a stack trace explains.
   *
   * @param failure what ended the start
   */
  Optional<String> line(Throwable failure) {
    List<Throwable> chain = chain(failure);
    for (Throwable each : chain) {
      String message = String.valueOf(each.getMessage());
      if (KEYED.matcher(message).lookingAt()) {
        return Optional.of(oneLine(message));
      }
      if (message.contains("Address already in use")) {
        Port port = portOf(chain);
        return Optional.of(
            port.key()
                + ": expected a free port, but "
                + port.address()
                + ":"
                + port.number()
                + " is in use by another process; stop that one, or name another port");
      }
      if (message.contains("Cannot assign requested address")
          || (each instanceof UnknownHostException && message.contains(ports.get(0).address()))) {
        Port port = ports.get(0);
        return Optional.of(
            port.bindKey()
                + ": expected an address of this machine, such as 127.0.0.1, got "
                + port.address());
      }
      if ((message.contains("bind") && message.contains("Permission denied"))
          || each instanceof java.net.BindException) {
        Port port = portOf(chain);
        return Optional.of(
            port.key()
                + ": "
                + port.address()
                + ":"
                + port.number()
                + " cannot be listened on: "
                + oneLine(message));
      }
      if (each instanceof FileSystemException file && file.getFile() != null) {
        return Optional.of(file(file, absolute(Path.of(file.getFile()))));
      }
    }
    if (failure instanceof IOException
        || failure instanceof UncheckedIOException
        || failure instanceof IllegalArgumentException) {
      return Optional.ofNullable(failure.getMessage()).map(this::keyed);
    }
    return Optional.empty();
  }

  private String file(FileSystemException failure, Path path) {
    if (failure instanceof AccessDeniedException) {
      return placed(
          path,
          "this user may not use "
              + path
              + "; expected a path that "
              + System.getProperty("user.name")
              + " may read and write");
    }
    if (failure instanceof FileAlreadyExistsException
        || failure instanceof NotDirectoryException
        || reason(failure).equals("not a directory")) {
      return placed(path, file(path) + " is no directory; expected one, or nothing there");
    }
    return placed(
        path,
        failure instanceof NoSuchFileException
            ? path + " is not there and cannot be made; expected a path that this user may write"
            : path + " cannot be used: " + reason(failure));
  }

  /** The file that stands where a directory should, at a path or above it. */
  private static Path file(Path path) {
    Path at = path;
    while (at.getParent() != null && !Files.exists(at)) {
      at = at.getParent();
    }
    return at;
  }

  /** A message about a file says which key names it. */
  private String keyed(String message) {
    String line = oneLine(message);
    int colon = line.indexOf(": ");
    return colon <= 0 || !line.substring(0, colon).contains("/")
        ? line
        : placed(absolute(Path.of(line.substring(0, colon))), line);
  }

  private String placed(Path path, String what) {
    return places.stream()
        .filter(place -> path.startsWith(place.path()) || place.path().startsWith(path))
        .findFirst()
        .map(place -> place.key() + ": " + what)
        .orElse(what);
  }

  private static String reason(FileSystemException failure) {
    @Nullable String reason = failure.getReason();
    return reason == null
        ? failure.getClass().getSimpleName()
        : reason.toLowerCase(Locale.ROOT).strip();
  }

  /** The port that one of the messages names, else the first. */
  private Port portOf(List<Throwable> chain) {
    return ports.stream()
        .filter(
            port ->
                chain.stream()
                    .anyMatch(
                        each -> String.valueOf(each.getMessage()).contains(":" + port.number())))
        .findFirst()
        .orElse(ports.get(0));
  }

  private static List<Throwable> chain(Throwable failure) {
    List<Throwable> chain = new ArrayList<>();
    for (Throwable each = failure;
        each != null && chain.size() < LONGEST_CHAIN;
        each = each.getCause()) {
      chain.add(each);
    }
    return chain;
  }

  private static String oneLine(String text) {
    return String.join(" ", text.lines().map(String::strip).toList());
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }
}
