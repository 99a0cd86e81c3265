package io.llmtrace.cli.doctor;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;

/**
 * The Unix socket that the gateway calls: whether it is there, somebody listens, and the gateway's
 * user may connect.
 */
final class SocketCheck implements Check {
  static final String NAME = "socket";

  /** 107 bytes of an address, less the name that each process adds to its own: a dot and a ULID. */
  private static final int LONGEST_PATH = 107 - 27;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Side side() {
    return Side.PLUGIN;
  }

  @Override
  public Set<String> needs() {
    return Set.of(ConfigurationCheck.NAME);
  }

  @Override
  public Outcome look(Deployment deployment) throws IOException {
    Findings findings = new Findings(NAME);
    Path socket = deployment.config().plugin().socket().toAbsolutePath();
    String start = "./llmtrace plugin" + deployment.configOption();
    int length = socket.toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST_PATH) {
      return findings
          .error(
              "plugin.socket is a path of " + length + " bytes: expected at most " + LONGEST_PATH,
              "set plugin.socket in "
                  + deployment.fileName()
                  + " and ext-plugin.path_for_test of the gateway to a shorter path")
          .or("");
    }
    if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
      return findings
          .error("There is no socket " + socket + ": the plugin does not run", start)
          .or("");
    }
    if (!Files.exists(socket)) {
      return findings
          .error(
              socket + " is a link to a socket that is gone: the plugin ended and nobody took over",
              start)
          .or("");
    }
    BasicFileAttributes is = Files.readAttributes(socket, BasicFileAttributes.class);
    if (!is.isOther()) {
      return findings
          .error(
              socket + " is no socket, but a " + (is.isDirectory() ? "directory" : "file"),
              "rm -r " + socket + " && " + start)
          .or("");
    }
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException e) {
      // A file of a socket says nothing about who is behind it; only the attempt does.
      return findings
          .error(
              "Nobody listens on the socket "
                  + socket
                  + ": it was left behind by a process that was killed",
              start)
          .or("");
    }
    user(deployment, socket, findings);
    return findings.or(socket + " is served");
  }

  /** The gateway's user must pass every directory on the way, and write the socket. */
  private static void user(Deployment deployment, Path socket, Findings findings)
      throws IOException {
    String name = deployment.gatewayUser();
    if (name == null) {
      return;
    }
    UnixUser user = UnixUser.of(name);
    if (user == null) {
      findings.error(
          "This machine has no user " + name + ", as which the gateway is said to run",
          "ps -o user= -C openresty   # and give that name as --gateway-user");
      return;
    }
    Path real = socket.toRealPath();
    for (Path each : new Path[] {socket, real}) {
      for (Path up = each.getParent(); up != null; up = up.getParent()) {
        if (!user.may(up, UnixUser.Wish.SEARCH)) {
          findings.error(
              "The gateway's user "
                  + name
                  + " cannot reach the socket, because "
                  + up
                  + " is closed to it (mode "
                  + FileModes.octal(FileModes.of(up))
                  + ", owner "
                  + FileModes.owner(up)
                  + ")",
              "chmod o+x " + up);
          return;
        }
      }
    }
    if (!user.may(real, UnixUser.Wish.WRITE)) {
      findings.error(
          "The gateway's user "
              + name
              + " may not connect to the socket, which belongs to "
              + FileModes.owner(real)
              + " (mode "
              + FileModes.octal(FileModes.of(real))
              + ")",
          "sudo -u " + name + " ./llmtrace plugin" + deployment.configOption());
    }
  }
}
