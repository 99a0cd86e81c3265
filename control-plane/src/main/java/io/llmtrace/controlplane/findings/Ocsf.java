package io.llmtrace.controlplane.findings;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.util.Locale;

/**
 * Findings as events of the class Detection Finding (2004) of the Open Cybersecurity Schema
 * Framework. Stateless.
 */
public final class Ocsf {
  /** Of the schema. */
  static final String VERSION = "1.3.0";

  private static final int CATEGORY = 2;
  private static final int CLASS = 2004;

  private Ocsf() {}

  /** The event of a finding: when it was made, as it is now. */
  public static ObjectNode event(FindingRows.Row row) {
    ObjectNode item = row.item();
    Activity activity = Activity.of(row);
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event
        .put("activity_id", activity.id)
        .put("activity_name", activity.caption)
        .put("category_uid", CATEGORY)
        .put("category_name", "Findings")
        .put("class_uid", CLASS)
        .put("class_name", "Detection Finding")
        .put("type_uid", CLASS * 100 + activity.id)
        .put("type_name", "Detection Finding: " + activity.caption)
        .put("time", item.path("at").asLong());
    severity(event, Severity.of(item.path("severity").asText()));
    status(event, row.state());
    confidence(event, item.path("confidence").asDouble());
    String comment = item.path("comment").asText();
    if (!comment.isEmpty()) {
      event.put("comment", comment);
    }
    event
        .putObject("metadata")
        .put("version", VERSION)
        .put("uid", row.id().toString())
        .put("tenant_uid", row.tenant())
        .putObject("product")
        .put("name", "LLMTrace")
        .put("vendor_name", "LLMTrace");
    information(event.putObject("finding_info"), row);
    event
        .putArray("evidences")
        .addObject()
        .putObject("data")
        .put("masked", item.path("evidence").asText())
        .put("zone", item.path("zone").asText())
        .put("pointer", item.path("pointer").asText());
    event
        .putArray("resources")
        .addObject()
        .put("type", "Gateway route")
        .put("name", row.route())
        .put("uid", row.route());
    event
        .putObject("unmapped")
        .put("decision_id", row.id().decisionId())
        .put("origin", row.id().origin());
    return event;
  }

  private static void information(ObjectNode information, FindingRows.Row row) {
    ObjectNode item = row.item();
    String type = item.path("type").asText();
    information
        .put("uid", row.id().toString())
        .put("title", title(type))
        .put("created_time", item.path("at").asLong());
    information.putArray("types").add(type);
    if (item.has("changed_at")) {
      information.put("modified_time", item.path("changed_at").asLong());
    }
    information
        .putObject("analytic")
        .put("type_id", 1)
        .put("type", "Rule")
        .put("name", item.path("detector").asText())
        .put("uid", item.path("rule").asText());
    String atlas = FindingType.of(type).atlas();
    if (!atlas.isEmpty()) {
      information
          .putArray("attacks")
          .addObject()
          .put("version", "ATLAS")
          .putObject("technique")
          .put("uid", atlas);
    }
  }

  private static String title(String type) {
    String words = type.replace('_', ' ');
    return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
  }

  private enum Activity {
    CREATE(1, "Create"),
    UPDATE(2, "Update"),
    CLOSE(3, "Close");

    private final int id;
    private final String caption;

    Activity(int id, String caption) {
      this.id = id;
      this.caption = caption;
    }

    static Activity of(FindingRows.Row row) {
      return switch (row.state()) {
        case FALSE_POSITIVE, RESOLVED -> CLOSE;
        case OPEN, ACKNOWLEDGED -> row.revision() == 0 ? CREATE : UPDATE;
      };
    }
  }

  private static void severity(ObjectNode event, Severity severity) {
    switch (severity) {
      case INFO -> event.put("severity_id", 1).put("severity", "Informational");
      case LOW -> event.put("severity_id", 2).put("severity", "Low");
      case MEDIUM -> event.put("severity_id", 3).put("severity", "Medium");
      case HIGH -> event.put("severity_id", 4).put("severity", "High");
      case CRITICAL -> event.put("severity_id", 5).put("severity", "Critical");
    }
  }

  private static void status(ObjectNode event, FindingState state) {
    switch (state) {
      case OPEN -> event.put("status_id", 1).put("status", "New");
      case ACKNOWLEDGED -> event.put("status_id", 2).put("status", "In Progress");
      case FALSE_POSITIVE -> event.put("status_id", 3).put("status", "Suppressed");
      case RESOLVED -> event.put("status_id", 4).put("status", "Resolved");
    }
  }

  private static void confidence(ObjectNode event, double confidence) {
    event.put("confidence_score", Math.round(confidence * 100));
    if (confidence < 0.5) {
      event.put("confidence_id", 1).put("confidence", "Low");
    } else if (confidence < 0.8) {
      event.put("confidence_id", 2).put("confidence", "Medium");
    } else {
      event.put("confidence_id", 3).put("confidence", "High");
    }
  }
}
