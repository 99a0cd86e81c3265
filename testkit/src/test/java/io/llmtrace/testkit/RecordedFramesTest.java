package io.llmtrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.api7.A6.HTTPReqCall.Req;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.GatewayFrames;
import io.llmtrace.testkit.a6.RunnerAnswer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecordedFramesTest {
  @Test
  void everyRecordedFrameIsOneWholeFrame() throws IOException {
    List<String> names = new String(read("frames.txt"), StandardCharsets.UTF_8).lines().toList();
    assertThat(names).hasSizeGreaterThan(100);
    for (String name : names) {
      A6Frame frame = A6Frame.decode(ByteBuffer.wrap(read(name)));
      assertThat(frame.encode()).as(name).isEqualTo(ByteBuffer.wrap(read(name)));
      if (name.endsWith("g2r-http_req_call.bin")) {
        Req req = Req.getRootAsReq(frame.payload());
        assertThat(req.path()).as(name).startsWith("/");
        assertThat(req.headersLength()).as(name).isPositive();
      }
      if (name.endsWith("r2g-http_req_call.bin")) {
        assertThat(GatewayFrames.requestAnswer(frame)).as(name).isNotNull();
      }
    }
  }

  @Test
  void readsTheRewrittenBodyThatThePublishedClassLacks() throws IOException {
    A6Frame frame = A6Frame.decode(ByteBuffer.wrap(read("rewrite-body/006-r2g-http_req_call.bin")));
    RunnerAnswer.Rewrite rewrite = (RunnerAnswer.Rewrite) GatewayFrames.requestAnswer(frame);
    assertThat(rewrite.body().remaining()).isEqualTo(105);
  }

  private static byte[] read(String name) throws IOException {
    try (InputStream in = RecordedFramesTest.class.getResourceAsStream("/a6-frames/" + name)) {
      return in.readAllBytes();
    }
  }
}
