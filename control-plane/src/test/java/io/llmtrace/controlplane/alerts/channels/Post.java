package io.llmtrace.controlplane.alerts.channels;

import io.llmtrace.controlplane.alerts.notice.Notice;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;

/** Sends what a channel renders, as plainly as can be. */
final class Post {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private Post() {}

  static HttpResponse<byte[]> send(Channel channel, Notice notice)
      throws IOException, InterruptedException {
    return send(channel, notice, Context.first(Instant.now()));
  }

  static HttpResponse<byte[]> send(Channel channel, Notice notice, Context context)
      throws IOException, InterruptedException {
    HttpCall call = (HttpCall) channel.render(notice, context);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(call.target())
            .POST(HttpRequest.BodyPublishers.ofByteArray(call.body()));
    call.headers().forEach(request::header);
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  static Verdict judged(Channel channel, HttpResponse<byte[]> response) {
    return channel.judge(response.statusCode(), response.headers().map(), response.body());
  }
}
