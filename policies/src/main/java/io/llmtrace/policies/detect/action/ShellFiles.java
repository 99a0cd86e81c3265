package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.LOW;
import static io.llmtrace.policies.detect.Severity.MEDIUM;

import io.llmtrace.policies.detect.Severity;
import java.util.List;
import java.util.Set;

/** Which files and trees of a machine matter, and which programs read files. */
final class ShellFiles {
  private ShellFiles() {}

  private static final Set<String> ROOTS =
      Set.of(
          "/",
          "/*",
          "/.",
          "/.*",
          "~",
          "~/",
          "~/*",
          "/home",
          "/home/*",
          "/root",
          "/root/*",
          "/etc",
          "/etc/*",
          "/usr",
          "/usr/*",
          "/bin",
          "/boot",
          "/lib",
          "/var",
          "/var/*",
          "/opt",
          "/dev",
          "/sys",
          "/users",
          "/users/*",
          "/sbin",
          "c:/",
          "c:/*",
          "c:/windows",
          "c:/users",
          "/srv",
          "/mnt",
          "/mnt/*",
          "/data",
          "/data/*");

  /**
   * How bad it is to remove a tree. Its root or a home is the end; the place itself is a mishap.
   */
  static Severity treeSeverity(String word) {
    String path = SensitivePath.plain(word);
    String bare =
        path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    if (ROOTS.contains(path) || ROOTS.contains(bare)) {
      return CRITICAL;
    }
    boolean above = bare.equals("..") || bare.equals("../..") || bare.startsWith("../../../..");
    return above || bare.equals("*") || bare.equals(".") || bare.equals("./*") || bare.equals(".*")
        ? MEDIUM
        : LOW;
  }

  static boolean isDisk(String path) {
    for (String disk :
        List.of(
            "/dev/sd", "/dev/nvme", "/dev/hd", "/dev/vd", "/dev/xvd", "/dev/mmcblk", "/dev/disk")) {
      if (path.startsWith(disk)) {
        return true;
      }
    }
    return false;
  }

  static boolean isSetuid(String mode) {
    return mode.length() == 4
        && (mode.charAt(0) == '4' || mode.charAt(0) == '6')
        && mode.chars().allMatch(c -> c >= '0' && c <= '7');
  }

  static boolean isStartFile(String path) {
    return path.endsWith("/.bashrc")
        || path.endsWith("/.bash_profile")
        || path.endsWith("/.profile")
        || path.endsWith("/.zshrc")
        || path.startsWith("/etc/profile")
        || path.equals("/etc/rc.local")
        || path.endsWith("/post-commit")
        || path.endsWith("/pre-commit");
  }

  static boolean carriesPayload(Program program) {
    String line = program.line();
    return line.contains("/dev/tcp/")
        || line.contains("base64")
        || ((line.contains("curl ") || line.contains("wget ")) && line.contains("sh"))
        || line.contains("nc -")
        || line.contains("alias sudo=");
  }

  private static final Set<String> READERS =
      Set.of(
          "cat",
          "less",
          "more",
          "head",
          "tail",
          "tac",
          "nl",
          "strings",
          "xxd",
          "od",
          "hexdump",
          "base64",
          "base32",
          "grep",
          "egrep",
          "rg",
          "awk",
          "sed",
          "cut",
          "sort",
          "cp",
          "mv",
          "scp",
          "rsync",
          "tar",
          "zip",
          "gzip",
          "7z",
          "dd",
          "type",
          "get-content",
          "gc",
          "copy",
          "bat",
          "tee",
          "source",
          "python",
          "openssl",
          "rev",
          "paste",
          "split",
          "install",
          "ln",
          "xcopy",
          "robocopy",
          "findstr",
          "jq",
          "vi",
          "vim",
          "nano",
          "view",
          "diff",
          "uuencode",
          "read",
          "while",
          "mapfile",
          "readarray");

  /** Whether a program gives out what is in the files that it is given. */
  static boolean isReader(Program program) {
    return READERS.contains(program.name());
  }
}
