package io.llmtrace.cli.stack;

import java.util.ArrayList;
import java.util.List;

/**
 * The configuration {@code control_plane.database} of a server of our own. Stateless.
 *
 * <p>Drivers take user and password in the address; the configuration has keys for both, because
 * addresses end in logs.
 */
public final class DatabaseSection {
  private DatabaseSection() {}

  /**
   * The section as YAML on one line, with the password in it.
   *
   * @param url of JDBC, with user and password as parameters that need no escape
   */
  public static String of(String url) {
    int question = url.indexOf('?');
    List<String> left = new ArrayList<>();
    StringBuilder keys = new StringBuilder();
    for (String each : question < 0 ? List.<String>of() : parameters(url, question)) {
      if (each.startsWith("user=") || each.startsWith("password=")) {
        keys.append(", ").append(each.replaceFirst("=", ": \"")).append('"');
      } else {
        left.add(each);
      }
    }
    String server = question < 0 ? url : url.substring(0, question);
    String rest = left.isEmpty() ? "" : "?" + String.join("&", left);
    return "{url: \"" + server + rest + '"' + keys + '}';
  }

  private static List<String> parameters(String url, int question) {
    return List.of(url.substring(question + 1).split("&", -1));
  }
}
