package io.llmtrace.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A user of this machine with its groups, as {@code /etc/passwd} and {@code /etc/group} have them.
 * Immutable.
 *
 * @param groups by number
 */
record UnixUser(String name, int uid, Set<Integer> groups) {
  /** What a process wants of a file. */
  enum Wish {
    READ(
        PosixFilePermission.OWNER_READ,
        PosixFilePermission.GROUP_READ,
        PosixFilePermission.OTHERS_READ),
    WRITE(
        PosixFilePermission.OWNER_WRITE,
        PosixFilePermission.GROUP_WRITE,
        PosixFilePermission.OTHERS_WRITE),
    SEARCH(
        PosixFilePermission.OWNER_EXECUTE,
        PosixFilePermission.GROUP_EXECUTE,
        PosixFilePermission.OTHERS_EXECUTE);

    private final PosixFilePermission owner;
    private final PosixFilePermission group;
    private final PosixFilePermission others;

    Wish(PosixFilePermission owner, PosixFilePermission group, PosixFilePermission others) {
      this.owner = owner;
      this.group = group;
      this.others = others;
    }
  }

  UnixUser {
    groups = Set.copyOf(groups);
  }

  /** The user of that name, or null where this machine has none. */
  static @Nullable UnixUser of(String name) throws IOException {
    for (String line : Files.readAllLines(Path.of("/etc/passwd"))) {
      String[] fields = line.split(":", -1);
      if (fields.length > 3 && fields[0].equals(name)) {
        List<Integer> groups = new ArrayList<>();
        groups.add(Integer.parseInt(fields[3]));
        for (String group : Files.readAllLines(Path.of("/etc/group"))) {
          String[] parts = group.split(":", -1);
          if (parts.length > 3 && List.of(parts[3].split(",", -1)).contains(name)) {
            groups.add(Integer.parseInt(parts[2]));
          }
        }
        return new UnixUser(name, Integer.parseInt(fields[2]), Set.copyOf(groups));
      }
    }
    return null;
  }

  /** Whether the mode of a file gives this user what it wants; access lists are not looked at. */
  boolean may(Path path, Wish wish) throws IOException {
    if (uid == 0) {
      return true;
    }
    Map<String, Object> has = Files.readAttributes(path, "unix:uid,gid");
    Set<PosixFilePermission> mode = FileModes.of(path);
    if (has.get("uid") instanceof Integer owner && owner == uid) {
      return mode.contains(wish.owner);
    }
    if (has.get("gid") instanceof Integer group && groups.contains(group)) {
      return mode.contains(wish.group);
    }
    return mode.contains(wish.others);
  }
}
