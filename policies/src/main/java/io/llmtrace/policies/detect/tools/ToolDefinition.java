package io.llmtrace.policies.detect.tools;

import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * One tool as it was offered.
 *
 * @param pointer of the definition, for example {@code /tools/0}
 * @param name as written
 * @param server the part of the name before {@code __} or a dot; empty where there is none
 * @param own the rest of the name
 * @param parts every string of the definition
 */
record ToolDefinition(
    String pointer, String name, String server, String own, List<SegmentReading> parts) {
  /** Definitions of one exchange that are read. */
  static final int MOST = 2000;

  ToolDefinition {
    parts = List.copyOf(parts);
  }

  /** The definitions among the segments of an exchange. */
  static List<ToolDefinition> among(List<SegmentReading> segments) {
    Map<String, List<SegmentReading>> byPointer = new LinkedHashMap<>();
    for (SegmentReading reading : segments) {
      Segment segment = reading.segment();
      if (segment.zone() == Zone.METADATA && segment.role().equals("tools")) {
        String at = definition(segment.pointer());
        if (byPointer.size() < MOST || byPointer.containsKey(at)) {
          byPointer.computeIfAbsent(at, p -> new ArrayList<>()).add(reading);
        }
      }
    }
    List<ToolDefinition> definitions = new ArrayList<>();
    byPointer.forEach((at, parts) -> definitions.add(of(at, parts)));
    return definitions;
  }

  private static ToolDefinition of(String pointer, List<SegmentReading> parts) {
    String name = "";
    for (SegmentReading part : parts) {
      String rest = part.segment().pointer().substring(pointer.length());
      if (rest.equals("/name") || rest.equals("/function/name")) {
        name = part.segment().text();
      }
    }
    int cut = name.lastIndexOf("__");
    int length = 2;
    if (cut <= 0) {
      cut = name.lastIndexOf('.');
      length = 1;
    }
    boolean served = cut > 0 && cut + length < name.length();
    return new ToolDefinition(
        pointer,
        name,
        served ? name.substring(0, cut) : "",
        served ? name.substring(cut + length) : name,
        parts);
  }

  /** {@code /tools/3} of {@code /tools/3/function/name}. */
  private static String definition(String pointer) {
    for (String list : new String[] {"/tools/", "/functions/"}) {
      int at = pointer.indexOf(list);
      if (at >= 0) {
        int end = pointer.indexOf('/', at + list.length());
        return end < 0 ? pointer : pointer.substring(0, end);
      }
    }
    return pointer;
  }

  /** The part that holds the description, or the first one with anything to point at. */
  SegmentReading description() {
    for (SegmentReading part : parts) {
      if (part.segment().pointer().endsWith("/description")
          && part.segment().pointer().length()
              <= pointer.length() + "/function/description".length()
          && !part.segment().text().isEmpty()) {
        return part;
      }
    }
    for (SegmentReading part : parts) {
      if (!part.segment().text().isEmpty()) {
        return part;
      }
    }
    return parts.get(0);
  }

  /**
   * A digest of all strings of the definition. Digits and the amount of white space do not count:
   * descriptions carry dates and counters, which change every day and poison nobody.
   */
  String digest() {
    return digest(ToolDefinition::plain).substring(0, 16);
  }

  /** A digest of all strings of the definition as they are. */
  String exactDigest() {
    return digest(text -> text);
  }

  private String digest(UnaryOperator<String> form) {
    MessageDigest sha;
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    for (SegmentReading part : parts) {
      String place = part.segment().pointer().substring(pointer.length());
      sha.update((place + '\n').getBytes(StandardCharsets.UTF_8));
      sha.update((form.apply(part.segment().text()) + '\0').getBytes(StandardCharsets.UTF_8));
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  private static String plain(String text) {
    StringBuilder out = new StringBuilder(text.length());
    boolean space = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isWhitespace(c)) {
        space = out.length() > 0;
        continue;
      }
      if (space) {
        out.append(' ');
        space = false;
      }
      out.append(Character.isDigit(c) ? '#' : c);
    }
    return out.toString();
  }
}
