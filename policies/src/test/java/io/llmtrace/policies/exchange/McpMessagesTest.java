package io.llmtrace.policies.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class McpMessagesTest {
  @Test
  void reads_a_call_of_a_tool() throws UnreadableBodyException {
    Exchange exchange =
        read(
            "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"sh\","
                + "\"arguments\":{\"command\":\"ls\"}}}");
    assertThat(exchange.tools()).containsExactly("sh");
    assertThat(shown(exchange)).containsExactly("TOOL_CALL /params/arguments/command ls");
  }

  @Test
  void reads_a_list_of_tools_in_a_batch() throws UnreadableBodyException {
    Exchange exchange =
        read(
            "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[{\"name\":\"a\","
                + "\"description\":\"d\"}]}},{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"contents\":"
                + "[{\"uri\":\"file:///a\",\"text\":\"t\"}]}}]");
    assertThat(exchange.tools()).containsExactly("a");
    assertThat(shown(exchange))
        .containsExactly(
            "METADATA /0/result/tools/0/name a",
            "METADATA /0/result/tools/0/description d",
            "DOCUMENT /1/result/contents/0/uri file:///a",
            "DOCUMENT /1/result/contents/0/text t");
  }

  @Test
  void reads_what_a_server_asks_of_the_model() throws UnreadableBodyException {
    assertThat(
            shown(
                read(
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"sampling/createMessage\",\"params\":"
                        + "{\"systemPrompt\":\"s\",\"messages\":[{\"role\":\"user\",\"content\":"
                        + "{\"type\":\"text\",\"text\":\"u\"}}]}}")))
        .contains("SYSTEM /params/systemPrompt s", "USER /params/messages/0/content/text u");
    assertThat(
            shown(
                read(
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"instructions\":\"i\",\"x\":\"y\"}}")))
        .containsExactly("METADATA /result/instructions i", "TOOL_RESULT /result/x y");
  }

  @Test
  void other_json_stays_as_it_was() throws UnreadableBodyException {
    assertThat(shown(read("{\"jsonrpc\":\"1.0\",\"method\":\"m\"}")))
        .containsExactly("USER /jsonrpc 1.0", "USER /method m");
  }

  private static Exchange read(String body) throws UnreadableBodyException {
    return ExchangeReader.read(
        new RequestContent("POST", "/mcp", Map.of(), body.getBytes(StandardCharsets.UTF_8)), null);
  }

  private static List<String> shown(Exchange exchange) {
    return exchange.segments().stream()
        .map(s -> s.zone() + " " + s.pointer() + " " + s.text())
        .toList();
  }
}
