package io.llmtrace.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Modes as they are written, not what this process may do: doctor is often run as root, which may
 * do everything. Stateless.
 */
final class FileModes {
  private FileModes() {}

  static Set<PosixFilePermission> of(Path path) throws IOException {
    return Files.getPosixFilePermissions(path);
  }

  /** Such as {@code 0644}. */
  static String octal(Set<PosixFilePermission> mode) {
    String letters = text(mode);
    int bits = 0;
    for (int i = 0; i < letters.length(); i++) {
      bits = bits << 1 | (letters.charAt(i) == '-' ? 0 : 1);
    }
    return "0%03o".formatted(bits);
  }

  static String text(Set<PosixFilePermission> mode) {
    return PosixFilePermissions.toString(mode);
  }

  static boolean othersMayRead(Set<PosixFilePermission> mode) {
    return mode.contains(PosixFilePermission.OTHERS_READ);
  }

  /** Others, or a group, which is more than the owner. */
  static boolean isWritableBeyondOwner(Set<PosixFilePermission> mode) {
    return mode.contains(PosixFilePermission.OTHERS_WRITE)
        || mode.contains(PosixFilePermission.GROUP_WRITE);
  }

  static String owner(Path path) throws IOException {
    return Files.getOwner(path).getName();
  }
}
