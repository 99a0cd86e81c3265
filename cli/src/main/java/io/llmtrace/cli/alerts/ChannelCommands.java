package io.llmtrace.cli.alerts;

import static io.llmtrace.cli.alerts.Screen.text;
import static io.llmtrace.cli.alerts.Screen.time;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.cli.remote.RefusedException;
import io.llmtrace.cli.remote.RefusedException.Exit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What people do about channels and what goes through them. */
final class ChannelCommands {
  private static final String CHANNELS = "channels";
  private static final String DELIVERIES = "deliveries";

  private ChannelCommands() {}

  /** {@code alerts channels}. */
  @Command(
      name = CHANNELS,
      description = "Lists the channels of the configuration, without secrets, and how they do.",
      mixinStandardHelpOptions = true)
  static final class Channels extends ApiCommand {
    @Override
    void run(AlertApi api, Screen screen) throws RefusedException {
      JsonNode answer = api.get(CHANNELS);
      show(
          screen,
          answer,
          () -> {
            List<List<String>> rows = new ArrayList<>();
            for (JsonNode each : answer.path("items")) {
              rows.add(
                  List.of(
                      text(each, "id"),
                      text(each, "type"),
                      text(each, "destination"),
                      text(each, "min_severity"),
                      text(each, "waiting"),
                      text(each, "parked"),
                      time(each, "failing_since"),
                      text(each, "last_error")));
            }
            screen.table(
                List.of(
                    "CHANNEL",
                    "TYPE",
                    "DESTINATION",
                    "FROM",
                    "WAITING",
                    "PARKED",
                    "FAILS SINCE",
                    "WITH"),
                rows);
          });
    }
  }

  /** {@code alerts try}. */
  @Command(
      name = "try",
      description =
          "Sends a message that says it is a test, once. Ends with 1 if it did not arrive.",
      mixinStandardHelpOptions = true)
  static final class Try extends ApiCommand {
    @Parameters(paramLabel = "CHANNEL")
    private String channel = "";

    @Override
    void run(AlertApi api, Screen screen) throws RefusedException {
      JsonNode tried = api.post(body(""), CHANNELS, channel, "test");
      boolean delivered = text(tried, "result").equals("delivered");
      if (delivered || json()) {
        show(
            screen, tried, () -> screen.line("delivered in " + text(tried, "took_millis") + " ms"));
      }
      if (!delivered) {
        throw new RefusedException(
            Exit.REFUSED,
            "not delivered, it would be "
                + (text(tried, "result").equals("retry") ? "tried again" : "given up")
                + ": "
                + text(tried, "error"));
      }
    }
  }

  /** {@code alerts preview}. */
  @Command(
      name = "preview",
      description = "Shows the message that a channel would get of an incident, without secrets.",
      mixinStandardHelpOptions = true)
  static final class Preview extends ApiCommand {
    @Parameters(paramLabel = "CHANNEL")
    private String channel = "";

    @Override
    void run(AlertApi api, Screen screen) throws RefusedException {
      JsonNode preview = api.get(CHANNELS, channel, "preview");
      show(screen, preview, () -> people(screen, preview));
    }

    private static void people(Screen screen, JsonNode preview) {
      screen.field("channel", text(preview, "channel") + ", " + text(preview, "type"));
      screen.field("to", text(preview, "destination"));
      screen.field("subject", text(preview, "subject"));
      for (Map.Entry<String, JsonNode> each : preview.path("headers").properties()) {
        screen.line(each.getKey() + ": " + each.getValue().asText());
      }
      screen.line("");
      if (preview.has("body")) {
        screen.json(preview.path("body"));
      } else {
        text(preview, "text").lines().forEach(screen::line);
      }
    }
  }

  /** {@code alerts deliveries}. */
  @Command(
      name = DELIVERIES,
      description = "Lists what was told, or is to be, and what came of it, newest first.",
      mixinStandardHelpOptions = true)
  static final class Deliveries extends ApiCommand {
    @Option(
        names = "--state",
        paramLabel = "STATE",
        defaultValue = "",
        description = "waiting, delivered, parked (given up) or folded (told with others).")
    private String state = "";

    @Option(
        names = "--channel",
        paramLabel = "CHANNEL",
        defaultValue = "",
        description = "Through this channel.")
    private String channel = "";

    @Option(
        names = "--incident",
        paramLabel = "ID",
        defaultValue = "",
        description = "Of this incident.")
    private String incident = "";

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
              DELIVERIES, given("state", state, "channel", channel, "incident", incident), limit),
          List.of("ID", "STATE", "CHANNEL", "INCIDENT", "WHAT", "RULE", "MADE", "TRIES", "ERROR"),
          each ->
              List.of(
                  text(each, "id"),
                  text(each, "state"),
                  text(each, "channel"),
                  text(each, "incident"),
                  text(each, "kind"),
                  text(each, "rule"),
                  time(each, "created_at"),
                  text(each, "attempts"),
                  text(each, "last_error")));
    }
  }

  /** {@code alerts retry}. */
  @Command(
      name = "retry",
      description = "Sends again what was given up (parked).",
      mixinStandardHelpOptions = true)
  static final class Retry extends ApiCommand {
    @Parameters(paramLabel = "ID", description = "The delivery's.")
    private String id = "";

    @Override
    void run(AlertApi api, Screen screen) throws RefusedException {
      JsonNode again = api.post(body(""), DELIVERIES, id, "retry");
      show(screen, again, () -> screen.line(text(again, "state") + "  " + id));
    }
  }
}
