package io.llmtrace.plugin.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.api7.A6.HTTPRespCall.Req;
import io.github.api7.A6.HTTPRespCall.Resp;
import io.github.api7.A6.TextEntry;
import io.llmtrace.plugin.inspection.Host;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class A6ServerTest {
  private static final String ENFORCE = "{\"mode\":\"enforce\"}";

  /** Of a body; longer than any pause of a busy machine that is not meant. */
  private static final long SLOWNESS_MILLIS = 1_000;

  @TempDir Path directory;

  @Test
  void anAllowedRequestGoesOnWithItsIdAndATrace() throws Exception {
    try (Host host = new Host(directory, text -> {});
        RawGateway gateway = new RawGateway(host.socket)) {
      int token = gateway.prepare("route#chat#1", ENFORCE);
      RawGateway.Reply reply = gateway.call(7, token, "hello");
      assertThat(reply.kind()).isEqualTo("rewrite");
      assertThat(reply.id()).isEqualTo(7);
      assertThat(reply.headers()).containsKeys("x-llmtrace-id", "traceparent");
      assertThat(host.recordOf(reply.headers()).route()).isEqualTo("chat");
      assertThat(host.recordOf(reply.headers()).consumer()).isEqualTo("team_a");
      assertThat(host.recordOf(reply.headers()).outcome()).isEqualTo("allow");
    }
  }

  @Test
  void aBodyHasItsWholeBudgetHoweverLongItTookToCome() throws Exception {
    try (Host host = new Host(directory, text -> {});
        RawGateway gateway = new RawGateway(host.socket)) {
      int token = gateway.prepare("route#chat#1", "{\"mode\":\"enforce\",\"budget_ms\":500}");
      gateway.send(2, RawGateway.requestCall(1, token, Map.of()));
      for (int question = 0; question < 4; question++) {
        assertThat(gateway.receive().type()).isEqualTo(Frame.EXTRA_INFO);
      }
      for (int variable = 0; variable < 3; variable++) {
        gateway.send(Frame.EXTRA_INFO, RawGateway.extraInfo(new byte[0]));
      }
      byte[] body = RawGateway.extraInfo("attack".getBytes(StandardCharsets.UTF_8));
      byte[] frame = new byte[Frame.HEADER_BYTES + body.length];
      frame[0] = Frame.EXTRA_INFO;
      frame[3] = (byte) body.length;
      System.arraycopy(body, 0, frame, Frame.HEADER_BYTES, body.length);
      gateway.raw(ByteBuffer.wrap(frame, 0, 10));
      // The time that passes is what is tested: a slow body is no way around inspection.
      Thread.sleep(SLOWNESS_MILLIS);
      gateway.raw(ByteBuffer.wrap(frame, 10, frame.length - 10));
      assertThat(gateway.receive().type()).isEqualTo(Frame.HTTP_REQ_CALL);
      assertThat(host.records.values())
          .singleElement()
          .satisfies(
              told ->
                  assertThat(told.stagesMicros().get("total")).isLessThan(1_000 * SLOWNESS_MILLIS));
    }
  }

  @Test
  void aTraceOfTheClientIsHonouredAndAForgedFlagRemoved() throws Exception {
    String parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    try (Host host = new Host(directory, text -> {});
        RawGateway gateway = new RawGateway(host.socket)) {
      int token = gateway.prepare("route#chat#1", ENFORCE);
      RawGateway.Reply reply =
          gateway.call(
              1,
              token,
              "hello".getBytes(StandardCharsets.UTF_8),
              Map.of("traceparent", parent, "x-llmtrace-flag", "forged"));
      assertThat(reply.headers())
          .doesNotContainKey("traceparent")
          .containsEntry("x-llmtrace-flag", null);
      assertThat(host.recordOf(reply.headers()).traceId())
          .isEqualTo("0af7651916cd43dd8448eb211c80319c");
    }
  }

  @Test
  void anAttackIsStoppedInEnforceModeAndFlaggedInObserveMode() throws Exception {
    try (Host host = new Host(directory, text -> {});
        RawGateway gateway = new RawGateway(host.socket)) {
      RawGateway.Reply stop = gateway.call(1, gateway.prepare("a#1", ENFORCE), "attack");
      assertThat(stop.kind()).isEqualTo("stop");
      assertThat(stop.status()).isEqualTo(400);
      assertThat(stop.headers()).containsKey("x-llmtrace-id");
      RawGateway.Reply flag = gateway.call(2, gateway.prepare("b#1", "{}"), "attack");
      assertThat(flag.kind()).isEqualTo("rewrite");
      assertThat(flag.headers()).containsEntry("x-llmtrace-flag", "prompt_injection");
    }
  }

  @Test
  void anUnknownTokenIsAnsweredSoAndABadConfRunsOnDefaults() throws Exception {
    try (Host host = new Host(directory, text -> {});
        RawGateway gateway = new RawGateway(host.socket)) {
      assertThat(gateway.call(1, 4711, "hello").kind()).isEqualTo("not_found");
      int token =
          gateway.prepare("route#bad#1", "{\"mode\":\"enforce\",\"budget_ms\":\"fast\",\"x\":1");
      assertThat(gateway.call(2, token, "attack").kind()).isEqualTo("rewrite");
      assertThat(host.confs.problems()).hasSize(1);
    }
  }

  @Test
  void aResponseGoesOnWithItsHeaders() throws Exception {
    FlatBufferBuilder b = new FlatBufferBuilder();
    int type = TextEntry.createTextEntry(b, b.createString("Content-Type"), b.createString("a/b"));
    int length =
        TextEntry.createTextEntry(b, b.createString("Content-Length"), b.createString("9"));
    int vector = Req.createHeadersVector(b, new int[] {type, length});
    try (Host host = new Host(directory, text -> {});
        RawGateway gateway = new RawGateway(host.socket)) {
      b.finish(Req.createReq(b, 9, 200, vector, gateway.prepare("a#1", ENFORCE)));
      gateway.send(4, b.sizedByteArray());
      RawGateway.RawFrame frame = gateway.receive();
      Resp resp = Resp.getRootAsResp(ByteBuffer.wrap(frame.payload()));
      assertThat(frame.type()).isEqualTo(4);
      assertThat(resp.id()).isEqualTo(9);
      assertThat(resp.headersLength()).isEqualTo(1);
      assertThat(resp.headers(0).value()).isEqualTo("a/b");
    }
  }

  @Test
  void aSecondCallInsideACallClosesTheConnection() throws Exception {
    try (Host host = new Host(directory, text -> {});
        RawGateway gateway = new RawGateway(host.socket)) {
      int token = gateway.prepare("a#1", ENFORCE);
      gateway.send(2, RawGateway.requestCall(1, token, Map.of()));
      gateway.send(2, RawGateway.requestCall(2, token, Map.of()));
      assertThatThrownBy(
              () -> {
                while (true) {
                  assertThat(gateway.receive().type()).isEqualTo(3);
                }
              })
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void onlyTheOwnerMayConnect() throws Exception {
    try (Host host = new Host(directory, text -> {})) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(host.socket)))
          .isEqualTo("rwx------");
    }
  }

  @Test
  void everyRecordedCallOfARealGatewayDecodes() throws Exception {
    int calls = 0;
    for (String name : fromGateway()) {
      byte[] frame = RecordedFrames.bytes(name);
      byte[] payload = Arrays.copyOfRange(frame, 4, frame.length);
      switch (frame[0]) {
        case Frame.PREPARE_CONF -> assertThat(A6.prepareConf(payload).key()).contains("#");
        case Frame.HTTP_REQ_CALL -> {
          A6.RequestCall call = A6.requestCall(payload);
          assertThat(call.path()).startsWith("/");
          assertThat(call.remoteAddress()).isEqualTo("127.0.0.1");
          assertThat(call.headers()).containsKey("host");
          calls++;
        }
        case Frame.EXTRA_INFO -> assertThat(A6.extraInfo(payload)).isNotNull();
        case Frame.HTTP_RESP_CALL -> assertThat(A6.responseCall(payload).status()).isPositive();
        default -> throw new AssertionError("type " + frame[0] + " in " + name);
      }
    }
    assertThat(calls).isGreaterThan(10);
  }

  @Test
  void tenThousandDamagedFramesEndInAnAnswerOrAClosedConnection() throws Exception {
    Random random = new Random(42);
    try (Host host = new Host(directory, text -> {})) {
      List<byte[]> seeds = new ArrayList<>();
      for (String name : fromGateway()) {
        seeds.add(RecordedFrames.bytes(name));
      }
      seeds.removeIf(seed -> seed.length > 4096);
      for (int i = 0; i < 10_000; i++) {
        byte[] frame = seeds.get(random.nextInt(seeds.size())).clone();
        for (int n = random.nextInt(6); n >= 0; n--) {
          frame[random.nextInt(frame.length)] = (byte) random.nextInt(256);
        }
        int cut = random.nextInt(10) == 0 ? random.nextInt(frame.length) : frame.length;
        try (RawGateway gateway = new RawGateway(host.socket)) {
          gateway.raw(ByteBuffer.wrap(frame, 0, cut));
        } catch (IOException e) {
          // Which one depends on how much the server had read when it closed the connection.
          assertThat(e.getMessage()).containsPattern("Broken pipe|Connection reset");
        }
      }
      try (RawGateway gateway = new RawGateway(host.socket)) {
        int token = gateway.prepare("a#1", ENFORCE);
        assertThat(gateway.call(1, token, "attack").kind()).isEqualTo("stop");
      }
      until(() -> host.server.connections() == 0);
      until(() -> host.memory.used() == 0);
    }
  }

  @Test
  void aSocketIsServedAsLongAsSomebodyListens() throws Exception {
    assertThat(A6Server.isServed(directory.resolve("nobody.sock"))).isFalse();
    assertThat(A6Server.isServed(Files.createFile(directory.resolve("file.sock")))).isFalse();
    Path socket;
    try (Host host = new Host(directory, text -> {})) {
      socket = host.socket;
      assertThat(A6Server.isServed(socket)).isTrue();
    }
    assertThat(A6Server.isServed(socket)).as("a link that nobody is behind").isFalse();
  }

  @Test
  void aSuccessorTakesOverWithoutALostCall() throws Exception {
    try (Host old = new Host(directory, text -> {})) {
      int token;
      try (RawGateway gateway = new RawGateway(old.socket)) {
        token = gateway.prepare("a#1", ENFORCE);
      }
      AtomicBoolean stop = new AtomicBoolean();
      AtomicInteger answered = new AtomicInteger();
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      for (int c = 0; c < 8; c++) {
        clients.add(CompletableFuture.runAsync(() -> load(old.socket, token, stop, answered)));
      }
      until(() -> answered.get() > 20);
      try (Host successor = new Host(directory, text -> {})) {
        // Connections that never rest must drain too.
        old.server.drained().get(30, TimeUnit.SECONDS);
        int before = answered.get();
        until(() -> answered.get() > before + 20);
        stop.set(true);
        for (CompletableFuture<Void> client : clients) {
          client.get();
        }
        assertThat(old.records.size() + successor.records.size()).isEqualTo(answered.get());
        assertThat(successor.records.values())
            .isNotEmpty()
            .allSatisfy(r -> assertThat(r.outcome()).isEqualTo("allow"));
      }
    }
  }

  private static void until(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - end).as("waited too long").isNegative();
      Thread.sleep(5);
    }
  }

  // As the gateway: keeps a connection, and on an unknown token closes it, prepares and retries.
  private static void load(Path socket, int first, AtomicBoolean stop, AtomicInteger answered) {
    int token = first;
    try {
      RawGateway gateway = new RawGateway(socket);
      while (!stop.get()) {
        RawGateway.Reply reply = gateway.call(answered.get(), token, "hello");
        if (reply.kind().equals("not_found")) {
          gateway.close();
          gateway = new RawGateway(socket);
          token = gateway.prepare("a#1", ENFORCE);
          continue;
        }
        assertThat(reply.kind()).isEqualTo("rewrite");
        answered.incrementAndGet();
        Thread.sleep(5);
      }
      gateway.close();
    } catch (EOFException e) {
      throw new AssertionError("a call was lost", e);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> fromGateway() throws IOException {
    return RecordedFrames.names().stream().filter(name -> name.contains("-g2r-")).toList();
  }
}
