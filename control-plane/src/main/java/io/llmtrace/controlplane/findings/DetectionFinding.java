package io.llmtrace.controlplane.findings;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What all events of the class Detection Finding (2004) of the Open Cybersecurity Schema Framework
 * have, whatever was found.
 *
 * @param uid of what was found, and of its events
 * @param type of finding, such as {@code secret}
 * @param at when it was found, epoch milliseconds
 * @param changedAt when somebody said something of it, epoch milliseconds, or null
 * @param analytic what found it
 */
public record DetectionFinding(
    String uid,
    String tenant,
    FindingType type,
    Severity severity,
    FindingState state,
    String comment,
    long at,
    @Nullable Long changedAt,
    Analytic analytic) {
  /** Of the schema. */
  static final String VERSION = "1.3.0";

  private static final int CATEGORY = 2;
  private static final int CLASS = 2004;

  /**
   * What found something.
   *
   * @param name such as a detector's
   * @param uid such as a rule's
   */
  public record Analytic(Method method, String name, String uid) {}

  /** How something was found, by the schema's numbers. */
  public enum Method {
    RULE(1, "Rule"),
    STATISTICAL(3, "Statistical");

    private final int id;
    private final String caption;

    Method(int id, String caption) {
      this.id = id;
      this.caption = caption;
    }
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
  }

  /**
   * The event without what is particular to it. Its object {@code finding_info} is there.
   *
   * @param changed whether it was told before
   */
  public ObjectNode event(boolean changed) {
    Activity activity = activity(changed);
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
        .put("time", at);
    severity(event);
    status(event);
    if (!comment.isEmpty()) {
      event.put("comment", comment);
    }
    event
        .putObject("metadata")
        .put("version", VERSION)
        .put("uid", uid)
        .put("tenant_uid", tenant)
        .putObject("product")
        .put("name", "LLMTrace")
        .put("vendor_name", "LLMTrace");
    information(event.putObject("finding_info"));
    return event;
  }

  private Activity activity(boolean changed) {
    return switch (state) {
      case FALSE_POSITIVE, RESOLVED -> Activity.CLOSE;
      case OPEN, ACKNOWLEDGED -> changed ? Activity.UPDATE : Activity.CREATE;
    };
  }

  private void information(ObjectNode information) {
    information.put("uid", uid).put("title", title()).put("created_time", at);
    information.putArray("types").add(type.label());
    if (changedAt != null) {
      information.put("modified_time", changedAt);
    }
    information
        .putObject("analytic")
        .put("type_id", analytic.method.id)
        .put("type", analytic.method.caption)
        .put("name", analytic.name)
        .put("uid", analytic.uid);
    String atlas = type.atlas();
    if (!atlas.isEmpty()) {
      information
          .putArray("attacks")
          .addObject()
          .put("version", "ATLAS")
          .putObject("technique")
          .put("uid", atlas);
    }
  }

  private String title() {
    String words = type.label().replace('_', ' ');
    return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
  }

  private void severity(ObjectNode event) {
    switch (severity) {
      case INFO -> event.put("severity_id", 1).put("severity", "Informational");
      case LOW -> event.put("severity_id", 2).put("severity", "Low");
      case MEDIUM -> event.put("severity_id", 3).put("severity", "Medium");
      case HIGH -> event.put("severity_id", 4).put("severity", "High");
      case CRITICAL -> event.put("severity_id", 5).put("severity", "Critical");
    }
  }

  private void status(ObjectNode event) {
    switch (state) {
      case OPEN -> event.put("status_id", 1).put("status", "New");
      case ACKNOWLEDGED -> event.put("status_id", 2).put("status", "In Progress");
      case FALSE_POSITIVE -> event.put("status_id", 3).put("status", "Suppressed");
      case RESOLVED -> event.put("status_id", 4).put("status", "Resolved");
    }
  }
}
