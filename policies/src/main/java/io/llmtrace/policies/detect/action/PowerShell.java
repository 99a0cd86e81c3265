package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.parse.Letters;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** What a script of PowerShell does. Its grammar is left alone: the words of its library tell. */
final class PowerShell {
  private static final List<String> FETCHERS =
      List.of(
          "downloadstring",
          "downloaddata",
          "downloadfile",
          "invoke-webrequest",
          "invoke-restmethod",
          "iwr ",
          "irm ");
  private static final List<String> RUNNERS =
      List.of("invoke-expression", "reflection.assembly]::load");

  private PowerShell() {}

  static String utf16(String base64) {
    if (base64.length() < 8 || base64.length() > 64 * 1024) {
      return "";
    }
    try {
      byte[] bytes = Base64.getDecoder().decode(base64.replaceAll("=+$", ""));
      return new String(bytes, StandardCharsets.UTF_16LE);
    } catch (IllegalArgumentException e) {
      // No base64 after all: the flag alone is the finding.
      return "";
    }
  }

  /** What a script does, by the words in it. */
  enum Deed {
    NOTHING,
    /** Runs what it fetches. */
    RUNS_DOWNLOAD,
    RUNS_DECODED,
    OPENS_SHELL
  }

  static Deed deed(String text) {
    String lower = Letters.lower(text);
    if (lower.contains("net.sockets.tcpclient") && lower.contains("getstream")) {
      return Deed.OPENS_SHELL;
    }
    boolean runs = containsWord(lower, "iex") || Letters.containsAny(lower, RUNNERS);
    if (runs && Letters.containsAny(lower, FETCHERS)) {
      return Deed.RUNS_DOWNLOAD;
    }
    return runs && lower.contains("frombase64string") ? Deed.RUNS_DECODED : Deed.NOTHING;
  }

  /** The first address in a script; empty where there is none. */
  static String url(String text) {
    int at = Letters.lower(text).indexOf("http");
    return at < 0 ? "" : firstUrl(text.substring(at));
  }

  private static String firstUrl(String text) {
    int end = 0;
    while (end < text.length() && end < 2048 && "'\")] \n|;".indexOf(text.charAt(end)) < 0) {
      end++;
    }
    return text.substring(0, end);
  }

  private static boolean containsWord(String text, String word) {
    for (int i = text.indexOf(word); i >= 0; i = text.indexOf(word, i + 1)) {
      boolean before = i == 0 || !Character.isLetterOrDigit(text.charAt(i - 1));
      int end = i + word.length();
      boolean after = end >= text.length() || !Character.isLetterOrDigit(text.charAt(end));
      if (before && after) {
        return true;
      }
    }
    return false;
  }
}
