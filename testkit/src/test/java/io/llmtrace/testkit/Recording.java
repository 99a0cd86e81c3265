package io.llmtrace.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.testkit.a6.A6Frame;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** One scenario recorded between APISIX 3.18.0 and a runner. */
final class Recording {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One recorded frame.
   *
   * @param about what its index says of it
   */
  record Recorded(String scenario, JsonNode about) {
    int type() {
      return about.path("type").asInt();
    }

    boolean fromRunner() {
      return about.path("dir").asText().equals("r2g");
    }

    int connection() {
      return about.path("conn").asInt();
    }

    JsonNode decoded() {
      return about.path("decoded");
    }

    boolean isCall() {
      return !fromRunner() && (type() == A6Frame.HTTP_REQ_CALL || type() == A6Frame.HTTP_RESP_CALL);
    }

    /** Empty for the few whose bytes are not kept, as they are a megabyte of filler. */
    Optional<A6Frame> frame() throws IOException {
      try (InputStream in =
          Recording.class.getResourceAsStream(
              "/a6-frames/" + scenario + "/" + about.path("file").asText())) {
        return in == null
            ? Optional.empty()
            : Optional.of(A6Frame.decode(ByteBuffer.wrap(in.readAllBytes())));
      }
    }
  }

  /** One call and all that was said on its connection until the next. */
  record Turn(Recorded call, List<Recorded> fromRunner, List<Recorded> given) {}

  private final JsonNode index;
  private final String scenario;

  private Recording(String scenario) throws IOException {
    this.scenario = scenario;
    this.index = JSON.readTree(read("/a6-frames/" + scenario + "/index.json"));
  }

  static Recording of(String scenario) throws IOException {
    return new Recording(scenario);
  }

  /** All scenarios that have frames. */
  static Stream<String> scenarios() throws IOException {
    return new String(read("/a6-frames/frames.txt"), StandardCharsets.UTF_8)
        .lines()
        .map(name -> name.substring(0, name.indexOf('/')))
        .distinct();
  }

  static JsonNode logSample(String name) throws IOException {
    return JSON.readTree(read("/http-logger/http-logger-" + name + ".json"));
  }

  private static byte[] read(String name) throws IOException {
    try (InputStream in = Recording.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  /** The plugins of its route. */
  String plugins() {
    return index.path("plugin").asText();
  }

  List<JsonNode> exchanges() {
    return StreamSupport.stream(index.path("http").spliterator(), false).toList();
  }

  List<Recorded> frames() {
    return StreamSupport.stream(index.path("frames").spliterator(), false)
        .map(about -> new Recorded(scenario, about))
        .toList();
  }

  /** The calls in their order, without PrepareConf. */
  List<Turn> turns() {
    List<Recorded> frames = frames();
    List<Turn> turns = new ArrayList<>();
    for (int i = 0; i < frames.size(); i++) {
      Recorded call = frames.get(i);
      if (call.isCall()) {
        List<Recorded> rest =
            frames.subList(i + 1, frames.size()).stream()
                .filter(f -> f.connection() == call.connection())
                .takeWhile(f -> !f.isCall())
                .toList();
        turns.add(
            new Turn(
                call,
                rest.stream().filter(Recorded::fromRunner).toList(),
                rest.stream().filter(f -> !f.fromRunner()).toList()));
      }
    }
    return turns;
  }
}
