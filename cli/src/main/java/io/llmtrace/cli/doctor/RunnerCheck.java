package io.llmtrace.cli.doctor;

import io.llmtrace.testkit.a6.A6Client;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.a6.ExtraQuestion;
import io.llmtrace.testkit.a6.GatewayFrames;
import io.llmtrace.testkit.a6.RunnerAnswer;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Whether the runner decides about a request, asked as the gateway asks: PrepareConf, HTTPReqCall,
 * answers to its questions. This leaves one exchange behind, of the route {@value #ROUTE}, whose
 * completion is not waited for.
 */
final class RunnerCheck implements Check {
  static final String NAME = "runner";
  static final String ROUTE = "llmtrace-doctor";
  private static final byte[] LOOPBACK = {127, 0, 0, 1};
  private static final int MOST_QUESTIONS = 32;

  private static final byte[] BODY =
      "{\"model\":\"llmtrace-doctor\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
          .getBytes(StandardCharsets.UTF_8);

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Side side() {
    return Side.PLUGIN;
  }

  @Override
  public Set<String> needs() {
    return Set.of(ConfigurationCheck.NAME, SocketCheck.NAME);
  }

  @Override
  public Outcome look(Deployment deployment) {
    String restart = "./llmtrace plugin" + deployment.configOption() + "   # takes over from it";
    Findings findings = new Findings(NAME);
    Duration patience = deployment.patience();
    long began = System.nanoTime();
    try (A6Client client = A6Client.connect(deployment.config().plugin().socket())) {
      client.send(
          GatewayFrames.prepareConf(
              ROUTE, List.of(new Entry("llmtrace", "{\"mode\":\"observe\",\"tap\":false}"))),
          patience);
      A6Frame prepared = next(client, patience);
      if (prepared.type() != A6Frame.PREPARE_CONF) {
        return findings.error("The runner refused PrepareConf" + error(prepared), restart).or("");
      }
      long token = GatewayFrames.token(prepared);
      client.send(
          GatewayFrames.requestCall(
              1,
              LOOPBACK,
              "POST",
              "/v1/chat/completions",
              List.of(),
              List.of(
                  new Entry("content-type", "application/json"),
                  new Entry("content-length", Integer.toString(BODY.length))),
              token),
          patience);
      A6Frame answer = next(client, patience);
      for (int i = 0; answer.type() == A6Frame.EXTRA_INFO && i < MOST_QUESTIONS; i++) {
        client.send(GatewayFrames.extraInfo(told(GatewayFrames.question(answer))), patience);
        answer = next(client, patience);
      }
      if (answer.type() != A6Frame.HTTP_REQ_CALL) {
        return findings.error("The runner refused HTTPReqCall" + error(answer), restart).or("");
      }
      Duration took = Duration.ofNanos(System.nanoTime() - began);
      return findings.or(said(GatewayFrames.requestAnswer(answer), took));
    } catch (SocketTimeoutException e) {
      return findings
          .error(
              "The runner takes connections and gives no answer within "
                  + patience.toMillis() / 1000.0
                  + " s, so that clients of the gateway wait for a"
                  + " minute; or this machine is only busy, and --timeout 15 looks longer",
              restart)
          .or("");
    } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
      return findings
          .error(
              "The runner does not speak the gateway's protocol (A6): " + e.getMessage(), restart)
          .or("");
    }
  }

  private static A6Frame next(A6Client client, Duration patience) throws IOException {
    Optional<A6Frame> frame = client.receive(patience);
    return frame.orElseThrow(() -> new IOException("it closed the connection without an answer"));
  }

  private static byte[] told(ExtraQuestion question) {
    if (question instanceof ExtraQuestion.RequestBody) {
      return BODY;
    }
    return question instanceof ExtraQuestion.Variable variable && variable.name().equals("route_id")
        ? ROUTE.getBytes(StandardCharsets.UTF_8)
        : new byte[0];
  }

  private static String error(A6Frame frame) {
    if (frame.type() != A6Frame.ERROR) {
      return " with a frame of type " + frame.type();
    }
    return GatewayFrames.isTokenNotFound(frame)
        ? " because it does not know the token that it gave a moment ago"
        : " with an error";
  }

  private static String said(RunnerAnswer answer, Duration took) {
    String what =
        answer instanceof RunnerAnswer.Stop stop ? "stopped with " + stop.status() : "let pass";
    return "a request was " + what + " after " + took.toMillis() + " ms";
  }
}
