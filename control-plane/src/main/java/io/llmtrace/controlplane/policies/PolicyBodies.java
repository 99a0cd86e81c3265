package io.llmtrace.controlplane.policies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.TenantId;
import io.llmtrace.controlplane.http.BodyFields;
import io.llmtrace.controlplane.http.JsonBody;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is sent to change policies, and what of it holds. Stateless. */
final class PolicyBodies {
  private static final int LONGEST_MESSAGE = 1_000;
  private static final int MOST_LABELS = 10;

  private PolicyBodies() {}

  /** Why somebody did something; empty where they do not say. */
  static String message(JsonBody body) {
    String message =
        body.text(
            "message",
            "a text of at most " + LONGEST_MESSAGE + " characters",
            text -> text.length() <= LONGEST_MESSAGE && text.indexOf('\0') < 0);
    return message == null ? "" : message;
  }

  /** The message of a body that has nothing else. */
  static String onlyMessage(InputStream in) throws IOException {
    JsonBody body = JsonBody.read(in);
    String message = message(body);
    body.finish();
    return message;
  }

  /** Body of a new policy. */
  static final class OfNew implements BodyFields {
    record Fields(@Nullable String tenant, String source, String message, boolean standard) {}

    @Override
    public void read(JsonBody body) {
      Fields unused = fields(body);
    }

    static Fields fields(JsonBody body) {
      return new Fields(
          body.text("tenant", TenantId.EXPECTED, TenantId::isOne),
          PolicyText.source(body),
          message(body),
          Boolean.TRUE.equals(body.yesOrNo("standard")));
    }
  }

  /** Body of a new version. */
  static final class OfEdit implements BodyFields {
    @Override
    public void read(JsonBody body) {
      String unused = PolicyText.source(body) + message(body);
    }
  }

  /** Body of a change of what is no part of a version. */
  static final class OfChange implements BodyFields {
    @Override
    public void read(JsonBody body) {
      boolean unused = standard(body);
    }

    static boolean standard(JsonBody body) {
      body.required("standard", "true or false");
      return Boolean.TRUE.equals(body.yesOrNo("standard"));
    }
  }

  /** Body with a version. */
  static final class OfVersion implements BodyFields {
    @Override
    public void read(JsonBody body) {
      String unused = version(body) + message(body);
    }

    static int version(JsonBody body) {
      body.required("version", "a version of the policy");
      return (int) body.integer("version", 1, 1, 999_999_999);
    }
  }

  /** Body of a rollout: exactly one of percent and labels. */
  static final class OfRollout implements BodyFields {
    record Wanted(int version, Rollout to, String message) {}

    @Override
    public void read(JsonBody body) {
      Wanted unused = fields(body);
    }

    static Wanted fields(JsonBody body) {
      int version = OfVersion.version(body);
      int percent = (int) body.integer("percent", 0, 1, 100);
      ObjectNode labels = body.object("labels");
      if (body.isPresent("percent") == body.isPresent("labels")) {
        body.wrong("percent", "expected it or labels, and not both");
      }
      return new Wanted(
          version,
          labels == null ? new Rollout.Part(percent) : new Rollout.Labelled(labels(body, labels)),
          message(body));
    }

    private static Map<String, String> labels(JsonBody body, ObjectNode labels) {
      Map<String, String> read = new TreeMap<>();
      labels
          .properties()
          .forEach(
              each -> {
                String value = each.getValue().textValue();
                if (value == null || !Labels.isName(each.getKey()) || !Labels.isValue(value)) {
                  body.wrong("labels", "expected each as " + Labels.EXPECTED);
                } else {
                  read.put(each.getKey(), value);
                }
              });
      if (labels.isEmpty() || labels.size() > MOST_LABELS) {
        body.wrong("labels", "expected 1 to " + MOST_LABELS);
      }
      return read;
    }
  }

  /** Body with nothing but why. */
  static final class OfMessage implements BodyFields {
    @Override
    public void read(JsonBody body) {
      String unused = message(body);
    }
  }
}
