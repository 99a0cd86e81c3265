package io.llmtrace.cli.chaos;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Clients and gateways that misbehave. Stateless. */
final class ClientInjections {
  private static final int MANY = 60;
  private static final int BIG = 6;
  private static final int BIG_BYTES = (16 << 20) - (64 << 10);

  private ClientInjections() {}

  /** Connections to the plugin on which half a frame comes, and then nothing. */
  static Injection halfFrames() {
    Deque<SocketChannel> open = new ArrayDeque<>();
    return new Injection() {
      @Override
      public void begin(ChaosStack stack) throws IOException {
        for (int i = 0; i < MANY; i++) {
          SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
          open.push(channel);
          channel.connect(UnixDomainSocketAddress.of(stack.files().socket()));
          // A call of 1,000 bytes, of which ten come.
          ByteBuffer half =
              ByteBuffer.allocate(14)
                  .put((byte) 2)
                  .put((byte) 0)
                  .putShort((short) 1_000)
                  .put(new byte[10])
                  .flip();
          while (half.hasRemaining()) {
            channel.write(half);
          }
        }
      }

      @Override
      public void end(ChaosStack stack) throws IOException {
        while (!open.isEmpty()) {
          open.pop().close();
        }
      }
    };
  }

  /** Clients that ask for a stream and read none of it. */
  static Injection slowReaders() {
    Deque<Socket> open = new ArrayDeque<>();
    return new Injection() {
      @Override
      public int sends() {
        return MANY;
      }

      @Override
      public void begin(ChaosStack stack) throws IOException {
        for (int i = 0; i < MANY; i++) {
          Socket socket = new Socket();
          open.push(socket);
          socket.setReceiveBufferSize(1 << 10);
          socket.connect(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), stack.gatewayPort()));
          byte[] body =
              "{\"model\":\"gpt-4o-mini\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Tell me a story.\"}]}"
                  .getBytes(StandardCharsets.US_ASCII);
          socket
              .getOutputStream()
              .write(
                  ("POST /acme/v1/chat/completions HTTP/1.1\r\nhost: chaos\r\n"
                          + "content-type: application/json\r\ncontent-length: "
                          + body.length
                          + "\r\n\r\n")
                      .getBytes(StandardCharsets.US_ASCII));
          socket.getOutputStream().write(body);
        }
      }

      @Override
      public void end(ChaosStack stack) throws IOException {
        while (!open.isEmpty()) {
          open.pop().close();
        }
      }
    };
  }

  /** Requests of nearly 16 MiB, several at once; they pass, whatever can be read of them. */
  static Injection bigBodies() {
    List<CompletableFuture<HttpResponse<String>>> sent = new ArrayList<>();
    return new Injection() {
      @Override
      public int sends() {
        return BIG;
      }

      @Override
      public void begin(ChaosStack stack) {
        HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        String text = "The train to the coast leaves at noon. ".repeat(BIG_BYTES / 39);
        HttpRequest request =
            HttpRequest.newBuilder(
                    URI.create(
                        "http://127.0.0.1:" + stack.gatewayPort() + "/acme/v1/chat/completions"))
                .timeout(Duration.ofSeconds(30))
                .header("content-type", "application/json")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\""
                            + text
                            + "\"}]}"))
                .build();
        for (int i = 0; i < BIG; i++) {
          sent.add(http.sendAsync(request, HttpResponse.BodyHandlers.ofString()));
        }
      }

      @Override
      public void end(ChaosStack stack) throws IOException {
        for (CompletableFuture<HttpResponse<String>> each : sent) {
          int status = each.join().statusCode();
          if (status != 200) {
            throw new IOException("a body of 16 MiB was answered " + status + ", expected 200");
          }
        }
      }
    };
  }
}
