package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Gathers the segments of one request; one for each thread and request. */
final class SegmentCollector {
  private final List<Segment> segments = new ArrayList<>();
  private final List<String> tools = new ArrayList<>();
  private int uninspectedParts;

  List<Segment> segments() {
    return segments;
  }

  List<String> tools() {
    return tools;
  }

  int uninspectedParts() {
    return uninspectedParts;
  }

  void text(Zone zone, String role, String pointer, JsonNode text) {
    if (text.isTextual() && !text.asText().isEmpty()) {
      segments.add(new Segment(zone, role, pointer, text.asText()));
    }
  }

  void tool(String name) {
    if (!name.isEmpty()) {
      tools.add(name);
    }
  }

  void uninspected() {
    uninspectedParts++;
  }

  /** Every string below {@code node}, and every name: text hides in names as well as in values. */
  void everyString(Zone zone, String role, String pointer, JsonNode node) {
    if (node.isTextual()) {
      text(zone, role, pointer, node);
    } else if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        everyString(zone, role, pointer + "/" + i, node.get(i));
      }
    } else if (node.isObject()) {
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        String child = pointer + "/" + escape(field.getKey());
        if (field.getKey().indexOf(' ') >= 0) {
          segments.add(new Segment(zone, role, child, field.getKey()));
        }
        everyString(zone, role, child, field.getValue());
      }
    }
  }

  /** Reads one element of a list. */
  interface ElementReader {
    void read(JsonNode element, String pointer);
  }

  /**
   * Gives each object of a list to {@code reader}. What has not the dialect's shape (a list that is
   * an object, an element that is a string) is read as plain strings: a lenient server may
   * understand it, so it must not pass unread.
   */
  void each(JsonNode list, Zone zone, String role, String pointer, ElementReader reader) {
    if (!list.isArray()) {
      everyString(zone, role, pointer, list);
      return;
    }
    for (int i = 0; i < list.size(); i++) {
      String at = pointer + "/" + i;
      if (list.get(i).isObject()) {
        reader.read(list.get(i), at);
      } else {
        everyString(zone, role, at, list.get(i));
      }
    }
  }

  static String escape(String name) {
    return name.replace("~", "~0").replace("/", "~1");
  }
}
