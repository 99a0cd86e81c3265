package io.llmtrace.cli.alerts;

import static io.llmtrace.cli.alerts.Screen.text;
import static io.llmtrace.cli.alerts.Screen.time;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.remote.RefusedException;
import io.llmtrace.policies.json.WireJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What people do about incidents. */
final class IncidentCommands {
  static final String INCIDENTS = "incidents";

  private IncidentCommands() {}

  /** {@code alerts incidents}. */
  @Command(
      name = INCIDENTS,
      description = "Lists incidents, newest first; pending ones only where --state says so.",
      mixinStandardHelpOptions = true)
  static final class Incidents extends ApiCommand {
    @Option(
        names = "--state",
        paramLabel = "STATE",
        defaultValue = "",
        description = "pending, firing, acknowledged or resolved.")
    private String state = "";

    @Option(names = "--rule", paramLabel = "RULE", defaultValue = "", description = "Of this rule.")
    private String rule = "";

    @Option(
        names = "--severity",
        paramLabel = "SEVERITY",
        defaultValue = "",
        description = "At least: info, low, medium, high or critical.")
    private String severity = "";

    @Option(
        names = "--tenant",
        paramLabel = "TENANT",
        defaultValue = "",
        description = "Of this tenant.")
    private String tenant = "";

    @Option(
        names = "--limit",
        paramLabel = "N",
        defaultValue = "100",
        converter = Limit.class,
        description = "At most so many. Default: ${DEFAULT-VALUE}.")
    private int limit;

    @Override
    void run(AlertApi api, Screen screen) throws RefusedException {
      show(
          screen,
          api.list(
              INCIDENTS,
              given("state", state, "rule", rule, "severity", severity, "tenant", tenant),
              limit),
          List.of("ID", "STATE", "SEVERITY", "SINCE", "TITLE"),
          each ->
              List.of(
                  text(each, "id"),
                  text(each, "state") + (text(each, "muted_by").isEmpty() ? "" : ", muted"),
                  text(each, "severity"),
                  time(each, "since"),
                  text(each, "title")));
    }
  }

  /** {@code alerts show}. */
  @Command(
      name = "show",
      description = "Shows an incident and the last of what happened to it, newest first.",
      mixinStandardHelpOptions = true)
  static final class Show extends ApiCommand {
    @Parameters(paramLabel = "ID", description = "The incident's.")
    private String id = "";

    @Override
    void run(AlertApi api, Screen screen) throws RefusedException {
      JsonNode incident = api.get(INCIDENTS, id);
      JsonNode events = api.get(INCIDENTS, id, "events");
      ObjectNode both = WireJson.mapper().createObjectNode();
      both.set("incident", incident);
      both.set("events", events.path("items"));
      show(screen, both, () -> people(screen, incident, events.path("items")));
    }

    private static void people(Screen screen, JsonNode incident, JsonNode events) {
      screen.line(text(incident, "title"));
      screen.line(text(incident, "summary"));
      screen.field("id", text(incident, "id"));
      screen.field("state", text(incident, "state"));
      screen.field("severity", text(incident, "severity"));
      screen.field("rule", text(incident, "rule"));
      screen.field("labels", pairs(incident.path("labels")));
      screen.field("counts", pairs(incident.path("counts")));
      screen.field("measured", measured(incident));
      screen.field("since", time(incident, "since"));
      screen.field("ended", time(incident, "ended_at"));
      screen.field("acknowledged", by(incident, "acknowledged_by", "acknowledged_at"));
      screen.field("resolved by", text(incident, "resolved_by"));
      screen.field("muted by", text(incident, "muted_by"));
      screen.field("told to", words(incident.path("channels")));
      screen.line("");
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode event : events) {
        rows.add(
            List.of(
                time(event, "at"),
                text(event, "kind"),
                text(event, "by"),
                words(event.path("channels")),
                text(event, "comment")));
      }
      screen.table(List.of("AT", "WHAT", "BY", "TOLD TO", "COMMENT"), rows);
    }

    private static String by(JsonNode incident, String who, String when) {
      String name = text(incident, who);
      return name.isEmpty() ? "" : name + ", " + time(incident, when);
    }

    private static String measured(JsonNode incident) {
      String unit = text(incident, "unit");
      return text(incident, "value")
          + (unit.isEmpty() ? "" : " " + unit)
          + ", limit "
          + text(incident, "threshold")
          + ", highest "
          + text(incident, "peak");
    }
  }

  /** {@code alerts acknowledge}. */
  @Command(
      name = "acknowledge",
      description = "Takes an incident: who was told learns of it, reminders and escalation stop.",
      mixinStandardHelpOptions = true)
  static final class Acknowledge extends Act {
    @Option(
        names = "--comment",
        paramLabel = "TEXT",
        defaultValue = "",
        description = "What they are told with it.")
    private String comment = "";

    @Override
    void run(AlertApi api, Screen screen) throws RefusedException {
      act(api, screen, "acknowledge", comment);
    }
  }

  /** {@code alerts resolve}. */
  @Command(
      name = "resolve",
      description = "Ends an incident. It does not begin again before its rule was clear.",
      mixinStandardHelpOptions = true)
  static final class Resolve extends Act {
    @Option(
        names = "--comment",
        paramLabel = "TEXT",
        defaultValue = "",
        description = "What those who were told learn with it.")
    private String comment = "";

    @Override
    void run(AlertApi api, Screen screen) throws RefusedException {
      act(api, screen, "resolve", comment);
    }
  }

  /** {@code alerts comment}. */
  @Command(
      name = "comment",
      description = "Says something to those who were told of an incident.",
      mixinStandardHelpOptions = true)
  static final class Comment extends Act {
    @Parameters(paramLabel = "TEXT", index = "1")
    private String text = "";

    @Override
    void run(AlertApi api, Screen screen) throws RefusedException {
      act(api, screen, "comment", text);
    }
  }

  /** Something that is done to an incident. */
  abstract static class Act extends ApiCommand {
    @Parameters(paramLabel = "ID", index = "0", description = "The incident's.")
    private String id = "";

    void act(AlertApi api, Screen screen, String act, String comment) throws RefusedException {
      JsonNode after = api.post(body(comment), INCIDENTS, id, act);
      show(
          screen,
          after,
          () -> screen.line(text(after, "state") + "  " + id + "  " + text(after, "title")));
    }
  }

  private static String pairs(JsonNode object) {
    List<String> pairs = new ArrayList<>();
    for (Map.Entry<String, JsonNode> each : object.properties()) {
      pairs.add(each.getKey() + "=" + each.getValue().asText());
    }
    return String.join(" ", pairs);
  }

  static String words(JsonNode list) {
    List<String> words = new ArrayList<>();
    list.forEach(each -> words.add(each.asText()));
    return String.join(" ", words);
  }
}
