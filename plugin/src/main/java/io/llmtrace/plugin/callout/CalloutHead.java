package io.llmtrace.plugin.callout;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a call-out's headers tell of the request that it asks about.
 *
 * @param method upper-case HTTP method
 * @param path decoded, normalised path without query
 * @param headers the client's, by lower-case name; the last value where one was repeated
 * @param route the gateway's name of the route, or empty
 * @param consumer who is asking as the gateway knows, or empty
 * @param clientIp the client's address as text, or empty
 * @param conf settings of the route, JSON, or empty
 */
record CalloutHead(
    String method,
    String path,
    Map<String, String> headers,
    String route,
    String consumer,
    String clientIp,
    String conf) {
  /** Stands for "there is none". */
  static final String NONE = "-";

  static final String PREFIX = "x-llmtrace-";

  /*
   * All of them are needed, each once, also where there is nothing to tell. A gateway that passes
   * its client's headers on would else take a client's word for whatever it does not set itself:
   * one that sends no settings could be told "observe" by the request that is to be stopped.
   */
  static final List<String> FIELDS =
      List.of(
          "x-llmtrace-method",
          "x-llmtrace-uri",
          "x-llmtrace-host",
          "x-llmtrace-client-ip",
          "x-llmtrace-route",
          "x-llmtrace-consumer",
          "x-llmtrace-authorization",
          "x-llmtrace-conf");

  /** Of the call-out's own connection, or in one of {@link #FIELDS}. */
  private static final Set<String> NOT_THE_CLIENTS =
      Set.of(
          "authorization",
          "host",
          "connection",
          "keep-alive",
          "transfer-encoding",
          "te",
          "trailer",
          "upgrade",
          "proxy-connection",
          "expect");

  private static final int LONGEST_NAME = 256;

  CalloutHead {
    headers = Map.copyOf(headers);
  }

  /** Whether any header is one of {@link #FIELDS}. */
  static boolean isCallout(List<Map.Entry<String, String>> headers) {
    return headers.stream().anyMatch(header -> FIELDS.contains(header.getKey()));
  }

  /**
   * Reads them.
   *
   * @param headers the call-out's, by lower-case name, in order
   * @throws IllegalArgumentException if one is missing, doubled or wrong; the message names it
   */
  static CalloutHead read(List<Map.Entry<String, String>> headers) {
    Map<String, String> told = new HashMap<>();
    Map<String, String> clients = new HashMap<>();
    List<String> doubled = new ArrayList<>();
    for (Map.Entry<String, String> header : headers) {
      String name = header.getKey();
      // Netty shows bytes as characters; names of consumers are UTF-8 at times.
      String value =
          new String(
              header.getValue().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
      if (!FIELDS.contains(name)) {
        if (!NOT_THE_CLIENTS.contains(name)) {
          clients.put(name, value);
        }
      } else if (told.put(name, value.strip()) != null) {
        doubled.add(name);
      }
    }
    List<String> missing = FIELDS.stream().filter(name -> !told.containsKey(name)).toList();
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          String.join(", ", missing)
              + ": expected this header, with the value \""
              + NONE
              + "\" where there is nothing to tell");
    }
    if (!doubled.isEmpty()) {
      throw new IllegalArgumentException(
          String.join(", ", doubled) + ": expected once; set it, and do not add it to a client's");
    }
    String method = told.getOrDefault("x-llmtrace-method", "");
    if (!method.matches("[A-Z][A-Z-]{0,19}")) {
      throw new IllegalArgumentException("x-llmtrace-method: expected a method such as POST");
    }
    put(clients, "host", value(told, "x-llmtrace-host"));
    put(clients, "authorization", value(told, "x-llmtrace-authorization"));
    return new CalloutHead(
        method,
        RequestPath.of(told.getOrDefault("x-llmtrace-uri", "")),
        clients,
        name(told, "x-llmtrace-route"),
        name(told, "x-llmtrace-consumer"),
        name(told, "x-llmtrace-client-ip"),
        value(told, "x-llmtrace-conf"));
  }

  private static void put(Map<String, String> headers, String name, String value) {
    if (!value.isEmpty()) {
      headers.put(name, value);
    }
  }

  private static String value(Map<String, String> told, String name) {
    String value = told.getOrDefault(name, NONE);
    return value.equals(NONE) ? "" : value;
  }

  private static String name(Map<String, String> told, String name) {
    String value = value(told, name);
    if (value.length() > LONGEST_NAME) {
      throw new IllegalArgumentException(
          name + ": expected at most " + LONGEST_NAME + " characters");
    }
    return value;
  }
}
