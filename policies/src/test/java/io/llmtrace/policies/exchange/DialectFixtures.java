package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The files of {@code dialects/<label>}: {@code request*.http} (a request line, headers, an empty
 * line, a body), {@code answer*.json}, {@code stream*.txt}, {@code frames*.json} (events that are
 * put into frames of AWS), and {@code expected.txt}, which is how all of them read.
 */
final class DialectFixtures {
  private static final Path ROOT = Path.of("src/test/resources/dialects");

  private DialectFixtures() {}

  static Stream<Dialect> dialects() {
    return Arrays.stream(Dialect.values()).filter(d -> Files.isDirectory(ROOT.resolve(d.label())));
  }

  static List<Path> files(Dialect dialect, String prefix) throws IOException {
    try (Stream<Path> files = Files.list(ROOT.resolve(dialect.label()))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .sorted()
          .toList();
    }
  }

  static String expected(Dialect dialect) throws IOException {
    return Files.readString(ROOT.resolve(dialect.label()).resolve("expected.txt"));
  }

  static RequestContent request(Path file) throws IOException {
    String text = Files.readString(file);
    int end = text.indexOf("\n\n");
    List<String> head = text.substring(0, end).lines().toList();
    Map<String, String> headers = new TreeMap<>();
    for (String line : head.subList(1, head.size())) {
      headers.put(line.substring(0, line.indexOf(':')), line.substring(line.indexOf(':') + 2));
    }
    String[] line = head.get(0).split(" ", -1);
    byte[] body = text.substring(end + 2).getBytes(StandardCharsets.UTF_8);
    return new RequestContent(line[0], line[1], headers, body);
  }

  /** An answer as a log shows it; of binary frames each character is a byte. */
  static String answer(Path file) throws IOException {
    String text = Files.readString(file);
    if (!file.getFileName().toString().startsWith("frames")) {
      return text;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (JsonNode frame : WireJson.mapper().readTree(text)) {
      out.writeBytes(EventFrames.encode(frame.path(0).asText(), payload(frame)));
    }
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  private static JsonNode payload(JsonNode frame) {
    if (!frame.path(0).asText().equals("chunk")) {
      return frame.path(1);
    }
    ObjectNode chunk = WireJson.mapper().createObjectNode();
    byte[] event = frame.path(1).toString().getBytes(StandardCharsets.UTF_8);
    return chunk.put("bytes", Base64.getEncoder().encodeToString(event)).put("p", "abc");
  }

  static String rendered(Dialect dialect) throws IOException, UnreadableBodyException {
    StringBuilder out = new StringBuilder();
    for (Path file : files(dialect, "request")) {
      Exchange exchange = ExchangeReader.read(request(file), null);
      out.append("# ").append(file.getFileName()).append('\n');
      out.append(exchange.dialect().label())
          .append(" of ")
          .append(exchange.provider())
          .append(", model ")
          .append(exchange.model())
          .append(exchange.stream() ? ", streamed" : "")
          .append(", tools ")
          .append(exchange.tools())
          .append(", not inspected ")
          .append(exchange.uninspectedParts())
          .append(exchange.callId().isEmpty() ? "" : ", call " + exchange.callId())
          .append('\n');
      out.append(shown(exchange.segments()));
    }
    for (String kind : List.of("answer", "stream", "frames")) {
      for (Path file : files(dialect, kind)) {
        String body = answer(file);
        Answer answer = AnswerReader.read(null, body);
        out.append("# ").append(file.getFileName()).append('\n');
        out.append(ResponseReader.read(null, body, 200)).append('\n');
        out.append(answer.refusedByProvider() ? "refused, " : "")
            .append(answer.truncated() ? "truncated, " : "")
            .append("not inspected ")
            .append(answer.uninspectedParts())
            .append('\n');
        out.append(shown(answer.segments()));
        answer.toolCalls().forEach(call -> out.append(call).append('\n'));
      }
    }
    return out.toString();
  }

  private static String shown(List<Segment> segments) {
    return segments.stream()
        .map(
            s ->
                s.zone()
                    + (s.role().isEmpty() ? "" : "(" + s.role() + ")")
                    + " "
                    + s.pointer()
                    + " = "
                    + s.text().replace("\n", "\\n")
                    + "\n")
        .collect(Collectors.joining());
  }
}
