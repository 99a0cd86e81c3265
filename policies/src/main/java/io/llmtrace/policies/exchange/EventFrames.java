package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.TreeWeight;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Frames of {@code application/vnd.amazon.eventstream}: lengths, headers, payload, two CRC-32 (AWS
 * SDK documentation, "event stream encoding"). A gateway logs bodies as text, in which bytes that
 * are no UTF-8 may be lost; of such a body the payloads, which are JSON, are found nevertheless,
 * and it is said to be damaged.
 */
final class EventFrames {
  static final String CONTENT_TYPE = "application/vnd.amazon.eventstream";
  private static final String EVENT_TYPE = ":event-type";
  private static final String EXCEPTION_TYPE = ":exception-type";
  private static final String METRICS = "amazon-bedrock-invocationMetrics";
  private static final int PRELUDE = 12;
  private static final int CRC = 4;
  private static final byte STRING = 7;

  /**
   * What a body held.
   *
   * @param events JSON, each in the form in which the dialects read it
   * @param intact whether every byte belongs to a frame whose sums are right
   */
  record Decoded(List<String> events, boolean intact) {}

  private EventFrames() {}

  /** Whether a text begins like a frame: four bytes of length, of which the first is zero. */
  static boolean isFrames(String body) {
    return body.length() > PRELUDE
        && body.charAt(0) == 0
        && (body.lastIndexOf(EVENT_TYPE, 200) > 0 || body.lastIndexOf(EXCEPTION_TYPE, 200) > 0);
  }

  static Decoded decode(String body, TreeWeight weight) {
    List<String> events = new ArrayList<>();
    if (body.chars().allMatch(c -> c <= 0xFF)) {
      if (frames(body.getBytes(StandardCharsets.ISO_8859_1), events, weight)) {
        return new Decoded(events, true);
      }
      events.clear();
    }
    // All of its bytes may happen to be UTF-8, and have then been read as that.
    if (frames(body.getBytes(StandardCharsets.UTF_8), events, weight)) {
      return new Decoded(events, true);
    }
    events.clear();
    payloads(body, events, weight);
    return new Decoded(events, false);
  }

  private static boolean frames(byte[] bytes, List<String> events, TreeWeight weight) {
    ByteBuffer numbers = ByteBuffer.wrap(bytes);
    int start = 0;
    while (start < bytes.length) {
      int left = bytes.length - start;
      if (left < PRELUDE + CRC) {
        return false;
      }
      int length = numbers.getInt(start);
      int headers = numbers.getInt(start + 4);
      if (length < PRELUDE + CRC
          || length > left
          || headers < 0
          || headers > length - PRELUDE - CRC
          || crc(bytes, start, length - CRC) != numbers.getInt(start + length - CRC)) {
        return false;
      }
      int payload = start + PRELUDE + headers;
      String head = new String(bytes, start + PRELUDE, headers, StandardCharsets.ISO_8859_1);
      String text =
          new String(bytes, payload, start + length - CRC - payload, StandardCharsets.UTF_8);
      events.add(
          event(
              type(head, first(head.indexOf(EVENT_TYPE), head.indexOf(EXCEPTION_TYPE))),
              text,
              weight));
      start += length;
    }
    return true;
  }

  private static int crc(byte[] bytes, int from, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  /** The name of the event: behind the header's name a type, two bytes of length, the value. */
  private static String type(String text, int header) {
    if (header < 0) {
      return "";
    }
    String name = text.startsWith(EVENT_TYPE, header) ? EVENT_TYPE : EXCEPTION_TYPE;
    int value = Math.min(text.length(), header + name.length() + 3);
    int end = value;
    // The value ends where the length of the next header's name stands, which is no letter.
    while (end < text.length() && Character.isLetter(text.charAt(end)) && end - value < 64) {
      end++;
    }
    return text.substring(value, end);
  }

  /** Objects of JSON behind the headers, wherever they are; linear, no character is seen often. */
  private static void payloads(String body, List<String> events, TreeWeight weight) {
    int event = body.indexOf(EVENT_TYPE);
    int exception = body.indexOf(EXCEPTION_TYPE);
    int at = first(event, exception);
    while (at >= 0) {
      if (at == event) {
        event = body.indexOf(EVENT_TYPE, at + 1);
      } else {
        exception = body.indexOf(EXCEPTION_TYPE, at + 1);
      }
      int next = first(event, exception);
      int limit = next < 0 ? body.length() : next;
      int open = at;
      while (open < limit && body.charAt(open) != '{') {
        open++;
      }
      if (open < limit) {
        events.add(
            event(type(body, at), body.substring(open, objectEnd(body, open, limit)), weight));
      }
      at = next;
    }
  }

  private static int first(int one, int other) {
    return one < 0 || other < 0 ? Math.max(one, other) : Math.min(one, other);
  }

  private static int objectEnd(String body, int open, int limit) {
    int depth = 0;
    boolean quoted = false;
    for (int i = open; i < limit; i++) {
      char c = body.charAt(i);
      if (quoted) {
        i += c == '\\' ? 1 : 0;
        quoted = c != '"';
      } else if (c == '"') {
        quoted = true;
      } else if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return i + 1;
      }
    }
    return limit;
  }

  /** A chunk is the model's own event in base64; everything else is put under its event's name. */
  private static String event(String type, String payload, TreeWeight weight) {
    if (type.equals("chunk")) {
      JsonNode bytes = ProviderText.json(payload, weight).path("bytes");
      try {
        return new String(Base64.getDecoder().decode(bytes.asText()), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        // Damaged in the log: what there is of it is read as it stands.
        return payload;
      }
    }
    JsonNode parsed = ProviderText.jsonSoFar(payload, weight);
    if (!parsed.isObject() || type.isEmpty()) {
      return payload;
    }
    ObjectNode event = BlockAnswer.object();
    event.set(type, parsed);
    if (type.endsWith("Exception")) {
      event.set("error", parsed);
      event.remove(type);
    }
    return BlockAnswer.text(event);
  }

  /** Whether an event is the last one of a stream of InvokeModel. */
  static boolean isLast(JsonNode event) {
    return event.has(METRICS);
  }

  static byte[] encode(String type, JsonNode payload) {
    byte[] body = BlockAnswer.bytes(payload);
    ByteArrayOutputStream headers = new ByteArrayOutputStream();
    header(headers, EVENT_TYPE, type);
    header(headers, ":content-type", "application/json");
    header(headers, ":message-type", "event");
    int length = PRELUDE + headers.size() + body.length + CRC;
    byte[] frame = new byte[length];
    ByteBuffer out = ByteBuffer.wrap(frame);
    out.putInt(length).putInt(headers.size());
    out.putInt(crc(frame, 0, 8));
    out.put(headers.toByteArray()).put(body);
    out.putInt(crc(frame, 0, length - CRC));
    return frame;
  }

  private static void header(ByteArrayOutputStream out, String name, String value) {
    out.write(name.length());
    out.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
    out.write(STRING);
    out.write(value.length() >> 8);
    out.write(value.length());
    out.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
  }
}
