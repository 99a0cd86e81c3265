package io.llmtrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.gateway.MockAdmin;
import io.llmtrace.policies.json.WireJson;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands of {@code docs/enable-on-apisix.md}, in order, on one gateway. */
class EnableOnApisixTest {
  private static final Pattern FENCE =
      Pattern.compile("<!-- run by: EnableOnApisixTest -->\n```bash\n(.*?)\n```", Pattern.DOTALL);

  @TempDir private Path folder;

  @Test
  void a_reader_who_follows_the_page_observes_then_enforces_then_undoes() throws Exception {
    Files.writeString(folder.resolve("admin.key"), MockAdmin.KEY);
    Files.writeString(folder.resolve("llmtrace.yaml"), "plugin: {tap_secret: a-tap-secret}\n");
    List<String> commands = new ArrayList<>();
    Matcher fence = FENCE.matcher(Files.readString(Path.of("../docs/enable-on-apisix.md")));
    while (fence.find()) {
      commands.addAll(fence.group(1).lines().toList());
    }
    try (MockAdmin admin = new MockAdmin()) {
      ObjectNode route = WireJson.mapper().createObjectNode().put("uri", "/v1/*");
      route.putObject("plugins").putObject("key-auth");
      admin.stored.put("routes/chat", route.put("status", 1));
      List<String> modes = new ArrayList<>();
      for (String command : commands) {
        assertThat(command).startsWith("./llmtrace gateway ");
        run(admin, command);
        modes.add(
            admin
                .stored
                .get("routes/chat")
                .at("/plugins/ext-plugin-post-req/conf/0/value")
                .asText());
      }
      assertThat(modes)
          .containsExactly(
              "", "{\"mode\":\"observe\"}", "{\"mode\":\"observe\"}", "{\"mode\":\"enforce\"}", "");
      assertThat(admin.stored.get("routes/chat").path("plugins")).hasToString("{\"key-auth\":{}}");
    }
  }

  private void run(MockAdmin admin, String command) {
    List<String> words = new ArrayList<>();
    for (String word : command.substring("./llmtrace ".length()).split(" ", -1)) {
      boolean file = word.equals("admin.key") || word.equals("llmtrace.yaml");
      words.add(file ? folder.resolve(word).toString() : word);
    }
    words.add("--admin");
    words.add(admin.url().toString());
    StringWriter said = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(said, true));
    line.setErr(new PrintWriter(said, true));
    assertThat(line.execute(words.toArray(String[]::new))).as(command + "\n" + said).isZero();
  }
}
