package io.llmtrace.cli.alerts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.remote.RefusedException;
import io.llmtrace.policies.json.WireJson;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * A command that asks the API. It ends with 0; with 1 where the control plane refuses; with 2 where
 * an argument is wrong; with 3 where there is no control plane.
 */
abstract class ApiCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Mixin
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private ApiOptions options;

  /** Asks, and prints what came of it. */
  abstract void run(AlertApi api, Screen screen) throws RefusedException;

  @Override
  public final Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    PrintWriter out = spec.commandLine().getOut();
    try {
      AlertApi api = options.api();
      if (options.isOpen()) {
        err.println("warning: --url is no https: the key can be read on the way");
      }
      run(api, new Screen(out));
      return 0;
    } catch (RefusedException e) {
      err.println(Screen.plain(String.valueOf(e.getMessage())));
      return e.exit().code();
    } finally {
      out.flush();
      err.flush();
    }
  }

  boolean json() {
    return options.json();
  }

  /** Prints the API's answer where that is asked for, else what a person reads. */
  void show(Screen screen, JsonNode answer, Runnable people) {
    if (json()) {
      screen.json(answer);
    } else {
      people.run();
    }
  }

  /** Prints a list, as one object or as a table. */
  void show(
      Screen screen,
      AlertApi.Listed listed,
      List<String> head,
      Function<JsonNode, List<String>> row) {
    ObjectNode all = WireJson.mapper().createObjectNode();
    all.putArray("items").addAll(listed.items());
    show(screen, all, () -> screen.table(head, listed.items().stream().map(row).toList()));
    if (listed.more()) {
      spec.commandLine().getErr().println("there are more, see --limit");
    }
  }

  /** A body with a comment, or without where there is none. */
  static ObjectNode body(String comment) {
    ObjectNode body = WireJson.mapper().createObjectNode();
    if (!comment.isEmpty()) {
      body.put("comment", comment);
    }
    return body;
  }

  /** The parameters that were given. */
  static Map<String, String> given(String... namesAndValues) {
    Map<String, String> given = new TreeMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (!namesAndValues[i + 1].isEmpty()) {
        given.put(namesAndValues[i], namesAndValues[i + 1]);
      }
    }
    return given;
  }
}
