package io.llmtrace.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults of the gateway and its routes, by the Admin API and in the files of a standalone one. */
class RouteFaultsTest {
  private static final String ENABLE = "./llmtrace gateway enable --route chat --admin http://";

  /** What "gateway enable" keeps as somebody has set it. */
  private static final String PATCH = "curl -sX PATCH http://";

  @TempDir static Path shared;
  @TempDir Path directory;
  private static Runner runner;
  private Place place;

  @BeforeAll
  static void serve() throws Exception {
    runner = Runner.start(shared);
  }

  @AfterAll
  static void stop() {
    runner.close();
  }

  @BeforeEach
  void healthy() throws Exception {
    place = new Place(directory).serve(runner);
  }

  @AfterEach
  void end() throws Exception {
    place.close();
  }

  private void route(String from, String to) {
    assertThat(place.route()).contains(from);
    place.list("routes", place.route().replace(from, to));
  }

  @Test
  void aGatewayThatDoesNotRun() throws Exception {
    place.gateway.close();
    place.error("gateway", "refuses connections", "apisix start");
  }

  @Test
  void anAdminApiThatDoesNotRun() throws Exception {
    place.admin.close();
    place.error("routes", "Admin API", "deployment.admin.admin_listen");
  }

  @Test
  void anAdminApiThatHangs() throws Exception {
    place.admin.hang();
    place.patience = Place.SHORT;
    place.error("routes", "gave no", "curl -v");
  }

  @Test
  void aWrongAdminKey() throws Exception {
    place.adminKey = "another";
    place.error("routes", "refuses the key (status 401)", "--admin-key-file");
  }

  @Test
  void anAddressThatIsNoAdminApi() throws Exception {
    place.adminUri = place.gateway.uri();
    place.error("routes", "as no Admin API of APISIX does", "9180");
  }

  @Test
  void aRouteToAProviderWithoutThePlugin() throws Exception {
    place.list(
        "routes",
        place.route(),
        "{\"id\":\"bare\",\"uri\":\"/x/*\",\"upstream\":{\"nodes\":[{\"host\":\"api.anthropic.com\","
            + "\"port\":443,\"weight\":1}]},\"plugins\":{}}");
    place.error(
        "routes",
        "Route bare leads to a model and has no ext-plugin-post-req",
        "./llmtrace gateway enable --route bare --admin ");
  }

  @Test
  void theMendNamesTheKeyFileAndTheConfigurationThatWereGiven() throws Exception {
    place.list("routes", "{\"id\":\"other\",\"uri\":\"/shop\",\"plugins\":{}}");
    place.error("routes", "nothing is inspected", "admin.key --config " + place.config());
  }

  @Test
  void noRouteWithThePlugin() throws Exception {
    place.list("routes", "{\"id\":\"other\",\"uri\":\"/shop\",\"plugins\":{}}");
    place.error("routes", "nothing is inspected", "./llmtrace gateway enable --route ID");
  }

  @Test
  void aRouteThatIsSwitchedOffIsNotMissed() throws Exception {
    place.list(
        "routes",
        place.route(),
        "{\"id\":\"off\",\"status\":0,\"uri\":\"/v1/chat/completions\",\"plugins\":{}}");
    assertThat(Report.problems(place.look())).isEmpty();
  }

  @Test
  void pluginsOfAServiceCount() throws Exception {
    String plugins = place.route().replaceFirst("(?s).*\"plugins\":", "").strip();
    place.list("services", "{\"id\":\"s\",\"plugins\":" + plugins);
    place.list("routes", "{\"id\":\"chat\",\"uri\":\"/v1/*\",\"service_id\":\"s\"}");
    assertThat(Report.problems(place.look())).isEmpty();
  }

  @Test
  void aNameThatIsMisspelt() throws Exception {
    route("\"name\":\"llmtrace\"", "\"name\":\"LLMtrace\"");
    place.error("routes", "names \"LLMtrace\": expected \"llmtrace\"", ENABLE);
  }

  @Test
  void aConfOfOthersOnly() throws Exception {
    route("\"name\":\"llmtrace\"", "\"name\":\"my-filter\"");
    place.error("routes", "has no entry named \"llmtrace\"", ENABLE);
  }

  @Test
  void aValueThatIsNoJson() throws Exception {
    route("{\\\"mode\\\":\\\"observe\\\"}", "mode: observe");
    place.error("routes", "expected JSON", PATCH);
  }

  @Test
  void aKeyOfTheValueThatIsMisspelt() throws Exception {
    route("\\\"mode\\\"", "\\\"mood\\\"");
    place.error("routes", "mood", PATCH);
  }

  @Test
  void noLogger() throws Exception {
    route("\"http-logger\"", "\"syslog\"");
    place.error("routes", "there is no http-logger", ENABLE);
  }

  @Test
  void aLoggerThatSendsElsewhere() throws Exception {
    route("/tap", "/logs");
    place.error(
        "routes",
        "expected http://127.0.0.1:" + place.plugin.port() + "/tap",
        "-d '{\"plugins\":{\"http-logger\":{\"uri\":\"http://127.0.0.1:"
            + place.plugin.port()
            + "/tap\"}}}'");
  }

  @Test
  void aLoggerWithAnotherSecret() throws Exception {
    route("Bearer " + Place.TAP_SECRET, "Bearer REPLACE-WITH-THE-TAP-SECRET");
    place.error("routes", "auth_header is another one than the tap's secret", ENABLE);
  }

  @Test
  void aLoggerWithoutAnswers() throws Exception {
    route("\"include_resp_body\":true", "\"include_resp_body\":false");
    place.warning("routes", "include_resp_body is not true", "{\"include_resp_body\":true}");
  }

  @Test
  void aLoggerThatDoesNotTryAgain() throws Exception {
    route(",\"max_retry_count\":60", "");
    place.warning("routes", "max_retry_count is 0", "\"max_retry_count\":60");
  }

  @Test
  void degradationThatOpensWhatShouldBlock() throws Exception {
    route("{\\\"mode\\\":\\\"observe\\\"}", "{\\\"on_uninspectable\\\":\\\"block\\\"}");
    place.error(
        "routes", "on_uninspectable is block and allow_degradation is true", "--fail closed");
  }

  @Test
  void noDegradationWhereTrafficShouldPass() throws Exception {
    route("\"allow_degradation\":true,", "");
    place.warning("routes", "clients get 503 whenever the plugin is away", "--fail open");
  }

  @Test
  void aGatewayWithoutPrometheus() throws Exception {
    place.admin.edit("/apisix/admin/plugins/list", body -> body.replace("\"prometheus\",", ""));
    place.error("routes", "lacks prometheus, without which", "add \"- prometheus\" to plugins:");
  }

  @Test
  void aGatewayWithoutThePlugin() throws Exception {
    place.admin.edit(
        "/apisix/admin/plugins/list", body -> body.replace("\"ext-plugin-post-req\",", ""));
    place.error("routes", "lacks ext-plugin-post-req", "add \"- ext-plugin-post-req\"");
  }

  @Test
  void aStandaloneGatewayIsFine() throws Exception {
    standalone("#END", place.socket().toString());
    assertThat(Report.problems(place.look())).isEmpty();
    assertThat(place.look().get("routes"))
        .isEqualTo(new Outcome.Fine("1 of 1 routes are inspected"));
  }

  @Test
  void aStandaloneFileWithoutItsEnd() throws Exception {
    standalone("", place.socket().toString());
    place.error("routes", "does not end with a line #END", "echo '#END' >> " + place.routes);
  }

  @Test
  void aGatewayThatCallsAnotherSocket() throws Exception {
    standalone("#END", "/tmp/other.sock");
    place.error(
        "routes",
        "The gateway calls the socket /tmp/other.sock",
        "set ext-plugin.path_for_test to");
  }

  @Test
  void aStandaloneFileThatIsNoYaml() throws Exception {
    standalone("#END", place.socket().toString());
    Files.writeString(place.routes, "routes: [\n#END\n");
    place.error("routes", "is no YAML", "edit " + place.routes);
  }

  /** JSON is YAML. */
  private void standalone(String end, String socket) throws Exception {
    Path conf = Files.createDirectories(directory.resolve("conf"));
    place.routes =
        Files.writeString(
            conf.resolve("apisix.yaml"),
            "routes:\n  - " + place.route().replaceAll("\\s*\n\\s*", " ") + "\n" + end + "\n");
    Files.writeString(
        conf.resolve("config.yaml"),
        "ext-plugin: {path_for_test: %s}\nplugins: [ext-plugin-post-req, http-logger, prometheus]\n"
            .formatted(socket));
  }
}
