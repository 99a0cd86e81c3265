package io.llmtrace.testkit.sinks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A mail as it came.
 *
 * @param at when it was taken
 * @param from of the envelope
 * @param to of the envelope
 * @param headers names in lower case, unfolded, encoded words as they came; all values of each
 * @param body behind the empty line, one character a byte
 * @param answered whether the sender was told that it was taken
 */
public record ReceivedMail(
    Instant at,
    String from,
    List<String> to,
    Map<String, List<String>> headers,
    String body,
    boolean answered) {
  private static final int LINE = 998;
  private static final List<String> ONCE = List.of("date", "from", "to", "subject", "message-id");

  public ReceivedMail {
    to = List.copyOf(to);
    headers = Map.copyOf(headers);
  }

  static ReceivedMail of(String from, List<String> to, byte[] data, boolean answered) {
    String text = new String(data, ISO_8859_1);
    int end = text.indexOf("\r\n\r\n");
    String head = end < 0 ? text : text.substring(0, end);
    Map<String, List<String>> headers = new TreeMap<>();
    for (String line : head.replaceAll("\r\n(?=[ \t])", "").split("\r\n", -1)) {
      String[] parts = line.split(":", 2);
      headers
          .computeIfAbsent(parts[0].toLowerCase(Locale.ROOT), name -> new ArrayList<>())
          .add(parts.length > 1 ? parts[1].strip() : "");
    }
    return new ReceivedMail(
        Instant.now(), from, to, headers, end < 0 ? "" : text.substring(end + 4), answered);
  }

  /** The first value of a header. */
  public Optional<String> header(String name) {
    return headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of()).stream().findFirst();
  }

  /** What makes two deliveries of one mail the same one. */
  public String key() {
    return header("message-id").orElse("");
  }

  /** The first of the mails that it refers to, or itself. */
  public String thread() {
    return header("references").map(all -> all.split("\\s+", 2)[0]).orElseGet(this::key);
  }

  /** What RFC 5322 has against it. */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    for (String name : ONCE) {
      int times = headers.getOrDefault(name, List.of()).size();
      if (times != 1) {
        problems.add(name + " is there " + times + " times; expected once");
      }
    }
    headers.forEach(
        (name, values) -> {
          if (!name.matches("[!-9;-~]+")) {
            problems.add("no name of a header: " + name);
          }
          values.stream()
              .filter(value -> !value.matches("[\\t\\x20-\\x7e]*"))
              .forEach(value -> problems.add(name + " holds other than ASCII"));
        });
    header("message-id")
        .filter(id -> !id.matches("<[!#-'*+\\-./0-9=?A-Z^_`a-z{|}~]+@[A-Za-z0-9.-]+>"))
        .ifPresent(id -> problems.add("message-id " + id + "; expected <left@domain>"));
    for (String line : body.split("\r\n", -1)) {
      if (line.length() > LINE) {
        problems.add("a line of " + line.length() + " bytes; at most " + LINE);
      }
      if (line.indexOf('\r') >= 0 || line.indexOf('\n') >= 0) {
        problems.add("a line break that is no CR LF");
      }
    }
    return problems;
  }
}
