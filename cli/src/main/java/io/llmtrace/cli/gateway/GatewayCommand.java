package io.llmtrace.cli.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.remote.RefusedException;
import io.llmtrace.cli.remote.RefusedException.Exit;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Mode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gateway enable} and {@code gateway disable}: LLMTrace on a route of Apache APISIX. */
@Command(
    name = "gateway",
    description = {
      "Puts LLMTrace on a route of Apache APISIX by its Admin API, and takes it off again.",
      "Ends with 1 where the gateway refuses, with 2 where an argument is wrong, and with 3 where"
          + " there is no Admin API."
    },
    mixinStandardHelpOptions = true)
public final class GatewayCommand {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  /** Work that may be refused. */
  private interface Work {
    void doIt() throws RefusedException;
  }

  @Command(
      name = "enable",
      description = {
        "Has a route inspected: ext-plugin-post-req with our settings, and http-logger for the"
            + " answers. All else of the route stays. What is set already is not set again.",
        "A route is observed unless --mode says otherwise."
      },
      mixinStandardHelpOptions = true)
  int enable(
      @Mixin GatewayOptions gateway,
      @Mixin TapOptions taps,
      @Option(
              names = "--mode",
              paramLabel = "MODE",
              description = "observe or enforce. Default: what is there, else observe.")
          @Nullable String mode,
      @Option(
              names = "--policy",
              paramLabel = "NAME",
              description = "The policy. Default: what is there, else the tenant's.")
          @Nullable String policy,
      @Option(
              names = "--tenant",
              paramLabel = "T",
              description = "The tenant. Default: what is there, else default.")
          @Nullable String tenant,
      @Option(
              names = "--set",
              paramLabel = "JSON",
              description = "Other settings of a route, such as {\"budget_ms\":200}.")
          @Nullable String set,
      @Option(
              names = "--fail",
              paramLabel = "HOW",
              description = {
                "What happens while the plugin is away: open (traffic passes) or closed (503)."
                    + " Default: what is there, else open."
              })
          @Nullable String fail,
      @Option(
              names = "--no-answers",
              description = {
                "Sets no http-logger: no status, latency, tokens, cost or findings in answers."
              })
          boolean noAnswers,
      @Option(
              names = "--replace",
              description = {
                "Switches a plugin of the route on again that somebody has switched off by"
                    + " _meta.disable. Without it such a route is refused."
              })
          boolean replace,
      @Option(
              names = "--standalone",
              description = {
                "Prints the plugins for apisix.yaml and asks no Admin API: a gateway in standalone"
                    + " mode has none."
              })
          boolean standalone) {
    return run(
        () -> {
          ObjectNode settings = settings(mode, policy, tenant, set);
          Boolean degrades = degrades(fail);
          if (standalone) {
            String uri = noAnswers ? null : taps.uri();
            RouteChange.Tap tap = uri == null ? null : new RouteChange.Tap(uri, "-");
            standalone(gateway.route(), new RouteChange.Wanted(settings, degrades, tap));
            return;
          }
          RouteChange.Tap tap = noAnswers ? null : taps.tap();
          AdminApi api = api(gateway);
          ObjectNode route = api.route(gateway.route());
          RouteChange.Wanted wanted = new RouteChange.Wanted(settings, degrades, tap);
          ObjectNode patch = RouteChange.enable(route, wanted);
          List<String> off = RouteChange.switchedOff(route, wanted);
          if (!off.isEmpty() && !replace) {
            throw new RefusedException(
                Exit.REFUSED,
                "the route has "
                    + String.join(" and ", off)
                    + " switched off (_meta.disable), so that nothing of it would run. --replace"
                    + " switches it on again, with whatever else it does there");
          }
          RouteChange.switchOn(off, patch);
          inherited(api, route, patch, "service_id", "services", "service");
          inherited(api, route, patch, "plugin_config_id", "plugin_configs", "plugin config");
          apply(gateway, api, route, patch, "is inspected");
        });
  }

  @Command(
      name = "disable",
      description = {
        "Takes off a route what enable has put on it, and nothing else. What is off already is not"
            + " taken off again."
      },
      mixinStandardHelpOptions = true)
  int disable(@Mixin GatewayOptions gateway, @Mixin TapOptions taps) {
    return run(
        () -> {
          AdminApi api = api(gateway);
          ObjectNode route = api.route(gateway.route());
          ObjectNode patch = RouteChange.disable(route, taps.uri());
          apply(gateway, api, route, patch, "is not inspected any more");
        });
  }

  private static void inherited(
      AdminApi api, ObjectNode route, ObjectNode patch, String member, String kind, String name)
      throws RefusedException {
    String id = route.path(member).asText("");
    if (!id.isEmpty() && !patch.isEmpty()) {
      RouteChange.keepsInherited(route, patch, api.shared(kind, id), name + " " + id);
    }
  }

  private AdminApi api(GatewayOptions gateway) throws RefusedException {
    AdminApi api = gateway.api();
    if (gateway.isOpen()) {
      spec.commandLine()
          .getErr()
          .println("warning: --admin is no https: the key can be read on the way");
    }
    return api;
  }

  private void apply(
      GatewayOptions gateway, AdminApi api, ObjectNode route, ObjectNode patch, String becomes)
      throws RefusedException {
    PrintWriter out = spec.commandLine().getOut();
    String id = gateway.route();
    if (patch.isEmpty()) {
      out.println("route " + id + ": nothing to change");
      return;
    }
    if (gateway.print()) {
      out.println(pretty(RouteChange.masked(patch)));
      return;
    }
    api.patch(id, patch);
    ObjectNode now = api.route(id);
    List<String> otherwise = new ArrayList<>();
    ObjectNode expected = RouteChange.merged(route, patch);
    for (String plugin : List.of(RouteChange.INSPECTS, RouteChange.LOGS)) {
      if (!subset(expected.at("/plugins/" + plugin), now.at("/plugins/" + plugin))) {
        otherwise.add(plugin);
      }
    }
    if (!otherwise.isEmpty()) {
      throw new RefusedException(
          Exit.REFUSED,
          "route "
              + id
              + ": the gateway took the change, but "
              + String.join(" and ", otherwise)
              + " is not as it was set: somebody changes the route at the same time. Look at it and"
              + " try again");
    }
    List<String> changed = new ArrayList<>();
    patch.path("plugins").fieldNames().forEachRemaining(changed::add);
    out.println(
        "route "
            + id
            + " "
            + becomes
            + (changed.isEmpty() ? "" : ": " + String.join(", ", changed) + " changed"));
    if (now.path("status").asInt(1) == 0) {
      out.println("note: the route is switched off (status 0)");
    }
  }

  /** Whether the second has all that the first has; the gateway adds defaults. */
  private static boolean subset(JsonNode expected, JsonNode found) {
    if (expected.isMissingNode() || expected.isNull()) {
      return found.isMissingNode() || found.isNull();
    }
    if (expected.isObject() && found.isObject()) {
      for (var member : expected.properties()) {
        if (!subset(member.getValue(), found.path(member.getKey()))) {
          return false;
        }
      }
      return true;
    }
    return expected.equals(found);
  }

  private void standalone(String id, RouteChange.Wanted wanted) throws RefusedException {
    ObjectNode patch = RouteChange.enable(WireJson.mapper().createObjectNode(), wanted);
    PrintWriter out = spec.commandLine().getOut();
    out.println("# Under routes: of conf/apisix.yaml, in the plugins of route " + id + ":");
    out.print(StandaloneYaml.plugins(RouteChange.masked(patch)));
  }

  private static ObjectNode settings(
      @Nullable String mode, @Nullable String policy, @Nullable String tenant, @Nullable String set)
      throws RefusedException {
    ObjectNode settings = WireJson.mapper().createObjectNode();
    if (set != null) {
      try {
        if (!(WireJson.mapper().readTree(set) instanceof ObjectNode given)) {
          throw new RefusedException(Exit.WRONG, "--set: expected a JSON object");
        }
        settings.setAll(given);
      } catch (JsonProcessingException e) {
        throw new RefusedException(
            Exit.WRONG, "--set: expected a JSON object: " + e.getOriginalMessage(), e);
      }
    }
    if (mode != null) {
      try {
        settings.put("mode", Mode.of(mode).label());
      } catch (IllegalArgumentException e) {
        throw new RefusedException(Exit.WRONG, "--mode: expected observe or enforce", e);
      }
    }
    if (policy != null) {
      settings.put("policy", policy);
    }
    if (tenant != null) {
      settings.put("tenant", tenant);
    }
    return settings;
  }

  private static @Nullable Boolean degrades(@Nullable String fail) throws RefusedException {
    if (fail == null) {
      return null;
    }
    return switch (fail.toLowerCase(Locale.ROOT)) {
      case "open" -> true;
      case "closed" -> false;
      default -> throw new RefusedException(Exit.WRONG, "--fail: expected open or closed");
    };
  }

  private static String pretty(ObjectNode json) {
    try {
      return WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what was read as JSON can be written", e);
    }
  }

  private int run(Work work) {
    PrintWriter err = spec.commandLine().getErr();
    try {
      work.doIt();
      return 0;
    } catch (RefusedException e) {
      err.println(plain(String.valueOf(e.getMessage())));
      return e.exit().code();
    } finally {
      spec.commandLine().getOut().flush();
      err.flush();
    }
  }

  /** What a gateway says moves no cursor and changes no colours. */
  private static String plain(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    text.codePoints()
        .filter(
            c ->
                c == '\n'
                    || !(Character.isISOControl(c) || Character.getType(c) == Character.FORMAT))
        .forEach(plain::appendCodePoint);
    return plain.toString();
  }
}
