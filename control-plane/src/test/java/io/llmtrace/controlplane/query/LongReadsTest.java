package io.llmtrace.controlplane.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Origin;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.WebApplicationException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LongReadsTest {
  private static final OutputStream NOWHERE = OutputStream.nullOutputStream();

  private static Caller caller(String id) {
    return new Caller(
        id, Caller.Kind.KEY, id, List.of(), Set.of(), new Origin("127.0.0.1", "", "r"));
  }

  private static String refusal(LongReads reads, String id) {
    try {
      reads.run(caller(id), NOWHERE, out -> {});
      return "none";
    } catch (WebApplicationException e) {
      assertThat(e.getResponse().getStatus()).isEqualTo(429);
      assertThat(e.getResponse().getHeaderString("Retry-After")).isEqualTo("10");
      return String.valueOf(((Map<?, ?>) e.getResponse().getEntity()).get("detail"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void oneOfACallerAndThreeInAllAreUnderWay() throws Exception {
    LongReads reads = new LongReads();
    reads.run(
        caller("a"),
        NOWHERE,
        first -> {
          assertThat(refusal(reads, "a")).contains("another export of this key");
          reads.run(
              caller("b"),
              NOWHERE,
              second ->
                  reads.run(
                      caller("c"),
                      NOWHERE,
                      third -> {
                        assertThat(refusal(reads, "d")).contains("too many exports at once");
                        assertThat(refusal(reads, "a")).contains("another export of this key");
                      }));
          assertThat(refusal(reads, "d")).isEqualTo("none");
        });
    assertThat(refusal(reads, "a")).isEqualTo("none");
  }

  @Test
  void whatFailsGivesItsTurnBack() throws Exception {
    LongReads reads = new LongReads();
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(
              () ->
                  reads.run(
                      caller("a"),
                      NOWHERE,
                      out -> {
                        throw new IOException("the client is gone");
                      }))
          .hasMessage("the client is gone");
    }
    assertThat(refusal(reads, "a")).isEqualTo("none");
  }

  @Test
  void whatEndsInTimeIsNotDisturbedAfterwards() throws Exception {
    LongReads reads = new LongReads(Duration.ofMillis(50));
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    reads.run(caller("a"), written, out -> out.write("whole".getBytes(StandardCharsets.UTF_8)));
    Thread.sleep(200);
    assertThat(written.toString(StandardCharsets.UTF_8)).isEqualTo("whole");
    assertThat(Thread.interrupted()).isFalse();
  }

  /** Of the server that the service has: whether its client reads all the time or not at all. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAnswerWithoutAnEndIsBrokenOffAndDoesNotLookWhole(boolean clientReads) throws Exception {
    LongReads reads = new LongReads(Duration.ofMillis(500));
    CompletableFuture<String> ended = new CompletableFuture<>();
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setIdleTimeout(TimeUnit.MINUTES.toMillis(10));
    server.addConnector(connector);
    ServletContextHandler context = new ServletContextHandler();
    context.addServlet(new ServletHolder(new Endless(reads, ended)), "/");
    server.setHandler(context);
    server.start();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      byte[] last = clientReads ? readToItsEnd(socket.getInputStream()) : new byte[0];
      assertThat(ended.get(10, TimeUnit.SECONDS)).isEqualTo("broken off, not interrupted");
      last = clientReads ? last : readToItsEnd(socket.getInputStream());
      assertThat(new String(last, StandardCharsets.ISO_8859_1)).doesNotEndWith("0\r\n\r\n");
      assertThat(refusal(reads, "a")).isEqualTo("none");
    } finally {
      server.stop();
    }
  }

  /** The last bytes that came before the connection ended. */
  private static byte[] readToItsEnd(InputStream in) throws IOException {
    byte[] last = new byte[0];
    byte[] block = new byte[1 << 16];
    while (true) {
      int count;
      try {
        count = in.read(block);
      } catch (SocketException e) {
        // Reset by the server: as little an end of an answer as a closed connection.
        return last;
      }
      if (count < 0) {
        return last;
      }
      last = Arrays.copyOf(block, count);
    }
  }

  private static final class Endless extends HttpServlet {
    private static final long serialVersionUID = 1;

    private final transient LongReads reads;
    private final transient CompletableFuture<String> ended;

    Endless(LongReads reads, CompletableFuture<String> ended) {
      this.reads = reads;
      this.ended = ended;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      byte[] block = new byte[1 << 14];
      try {
        reads.run(
            caller("a"),
            response.getOutputStream(),
            out -> {
              while (true) {
                out.write(block);
              }
            });
      } catch (IOException e) {
        ended.complete("broken off, " + (Thread.interrupted() ? "" : "not ") + "interrupted");
        throw e;
      }
    }
  }
}
