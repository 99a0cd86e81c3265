package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.parse.Letters;
import java.util.List;
import java.util.Set;

/** How much harm reading a file does, by its path. */
enum SensitivePath {
  NONE,
  /** Worth a line in a log: agents read these for good reasons too. */
  MINOR,
  /** What attackers read to show that they can. */
  NOTABLE,
  /** Keys, credentials, password hashes. */
  SECRET;

  private static final int LONGEST = 4096;

  private static final List<String> SECRET_PARTS =
      List.of(
          "/.ssh/id_",
          "/.aws/credentials",
          "/.config/gcloud/",
          "application_default_credentials.json",
          "/.azure/accesstokens.json",
          "/.azure/msal_token_cache",
          "/.kube/config",
          "/.docker/config.json",
          "/.git-credentials",
          "/.config/gh/hosts.yml",
          "/.cursor/mcp.json",
          "/.claude/.credentials.json",
          "/.gnupg/",
          "/.password-store/",
          "/.vault-token",
          "credentials.tfrc.json",
          "/etc/shadow",
          "/etc/gshadow",
          "/etc/master.passwd",
          "/etc/sudoers",
          "/etc/ssl/private/",
          "/etc/kubernetes/admin.conf",
          "/etc/kubernetes/pki/",
          "/var/run/secrets/kubernetes.io",
          "/run/secrets/",
          "/run/docker.sock",
          "/var/run/docker.sock",
          "/proc/self/environ",
          "/proc/1/environ",
          "/default/login data",
          "/login.keychain",
          "windows/system32/config/sam",
          "windows/system32/config/system",
          "windows/system32/config/security",
          "windows/ntds/ntds.dit",
          "windows/repair/sam",
          "windows/panther/unattend.xml");

  private static final Set<String> SECRET_NAMES =
      Set.of(
          ".netrc",
          "_netrc",
          ".pgpass",
          ".my.cnf",
          ".pypirc",
          ".git-credentials",
          "id_rsa",
          "id_dsa",
          "id_ecdsa",
          "id_ed25519",
          "wallet.dat",
          "key4.db",
          "logins.json",
          "ntds.dit");

  private static final List<String> NOTABLE_PARTS =
      List.of(
          "/etc/passwd",
          "/etc/group",
          "/etc/ssh/sshd_config",
          "/etc/crontab",
          "/proc/self/",
          "/proc/version",
          "/var/log/auth.log",
          "/.ssh/config",
          "/.ssh/authorized_keys",
          "/.aws/config",
          "/.azure/",
          "windows/win.ini",
          "windows/system.ini",
          "windows/system32/drivers/etc/hosts",
          "windows/system32/config/",
          "inetpub/wwwroot/web.config",
          "/web-inf/web.xml");

  private static final Set<String> NOTABLE_NAMES = Set.of("win.ini", "boot.ini");

  private static final Set<String> MINOR_NAMES =
      Set.of(
          ".env",
          ".env.local",
          ".env.production",
          ".env.prod",
          ".npmrc",
          ".htpasswd",
          ".bash_history",
          ".zsh_history",
          ".mysql_history",
          ".psql_history",
          "wp-config.php");

  /** Rates a path as a shell, a URL or a file tool would be given it. */
  static SensitivePath of(String written) {
    if (written.isEmpty() || written.length() > LONGEST) {
      return NONE;
    }
    if (!hasPathMark(written)) {
      return NONE;
    }
    String path = plain(written);
    String name = path.substring(path.lastIndexOf('/') + 1);
    if (name.endsWith(".pub") || name.endsWith(".example") || name.endsWith(".sample")) {
      return NONE;
    }
    boolean keys =
        path.endsWith("/.ssh")
            || path.endsWith("/.ssh/")
            || path.endsWith("/.ssh/*")
            || path.endsWith("/.aws/")
            || path.endsWith("/.gnupg");
    if (keys || SECRET_NAMES.contains(name) || containsAny(path, SECRET_PARTS) || environ(path)) {
      return SECRET;
    }
    if (containsAny(path, NOTABLE_PARTS) || NOTABLE_NAMES.contains(name)) {
      return NOTABLE;
    }
    return MINOR_NAMES.contains(name) ? MINOR : NONE;
  }

  /** Every path below has one of these; most words of a command have none. */
  private static boolean hasPathMark(String text) {
    for (int i = 0; i < text.length(); i++) {
      if ("/\\._".indexOf(text.charAt(i)) >= 0) {
        return true;
      }
    }
    return false;
  }

  private static boolean environ(String path) {
    return path.contains("/proc/") && path.endsWith("/environ");
  }

  private static boolean containsAny(String path, List<String> parts) {
    for (String part : parts) {
      // A project may have a folder "etc" of its own.
      boolean absolute =
          part.startsWith("/etc/") || part.startsWith("/proc/") || part.startsWith("/run/");
      if (absolute ? isBelow(path, part) : path.contains(part)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isBelow(String path, String part) {
    int end = part.length();
    return path.startsWith(part)
        && (part.endsWith("/") || path.length() == end || !isNamePart(path.charAt(end)));
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '_';
  }

  /**
   * Lower case, slashes, homes as a tilde, no doubled slashes; the beginning of what is no path.
   */
  static String plain(String written) {
    String beginning = written.substring(0, Math.min(written.length(), LONGEST));
    String path = Letters.lower(beginning.replace('\\', '/')).strip();
    if (path.startsWith("file:")) {
      path = path.substring("file:".length());
    }
    if (path.startsWith("@")) {
      path = path.substring(1);
    }
    for (String home : List.of("${home}", "$home", "%userprofile%", "$env:userprofile")) {
      if (path.startsWith(home)) {
        path = "~" + path.substring(home.length());
      }
    }
    StringBuilder out = new StringBuilder(path.length());
    for (int i = 0; i < path.length(); i++) {
      boolean doubled = path.charAt(i) == '/' && out.length() > 0 && last(out) == '/';
      boolean dot = path.startsWith("/./", i);
      if (!doubled && !dot) {
        out.append(path.charAt(i));
      } else if (dot) {
        i++;
      }
      if (dot && (out.length() == 0 || last(out) != '/')) {
        out.append('/');
      }
    }
    return out.toString();
  }

  private static char last(StringBuilder text) {
    return text.charAt(text.length() - 1);
  }
}
