package io.llmtrace.controlplane.alerts.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.alerts.channels.Context;
import io.llmtrace.controlplane.alerts.channels.HttpCall;
import io.llmtrace.controlplane.alerts.channels.Outgoing;
import io.llmtrace.controlplane.alerts.channels.Verdict;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.outbound.Reply;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.Secret;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CourierTest {
  private static Outcome attempt(Lane.Form form, Reply reply, String notice) {
    Lane lane =
        new Lane(
            form,
            new ChannelConfig.Webhook(
                ChannelConfig.Common.of("c"), Secret.of("https://x.example"), null, null),
            Duration.ofSeconds(1));
    return new Courier((message, channel) -> reply, Clock.systemUTC()).attempt(lane, notice, null);
  }

  private static Lane.Form form(RuntimeException atRender, RuntimeException atJudge, String why) {
    return new Lane.Form() {
      @Override
      public Outgoing render(Notice notice, Context context) {
        if (atRender != null) {
          throw atRender;
        }
        return new HttpCall(URI.create("https://x.example"), Map.of(), new byte[0]);
      }

      @Override
      public Verdict judge(int status, Map<String, List<String>> headers, byte[] bodyStart) {
        if (atJudge != null) {
          throw atJudge;
        }
        return new Verdict.Hopeless(why);
      }

      @Override
      public Optional<String> reference(byte[] bodyStart) {
        return Optional.empty();
      }
    };
  }

  @Test
  void whatBreaksIsThatMessagesTroubleAndIsSaidWithoutItsText() {
    String notice = NoticeJson.write(Samples.notice("i1", 1));
    Reply answered = new Reply.Answered(200, Map.of(), new byte[0]);
    RuntimeException broken = new IllegalStateException("xoxsecret");
    assertThat(attempt(form(broken, null, ""), answered, notice))
        .isEqualTo(new Outcome.Parked(null, "it cannot be rendered (IllegalStateException)"));
    assertThat(attempt(form(null, broken, ""), answered, notice))
        .isEqualTo(
            new Outcome.Again(200, "its answer cannot be read (IllegalStateException)", null));
    assertThat(attempt(form(null, null, ""), answered, "{\"kind\":\"of tomorrow\"}"))
        .isEqualTo(new Outcome.Again(null, "this version cannot read the notice", null));
    assertThat(attempt(form(null, null, "a\r\nb" + "x".repeat(1_000)), answered, notice))
        .isInstanceOfSatisfying(
            Outcome.Parked.class,
            parked -> assertThat(parked.reason()).startsWith("a bx").hasSize(301));
    assertThat(attempt(form(null, null, ""), new Reply.Refused("no"), notice))
        .isEqualTo(new Outcome.Parked(null, "no"));
  }

  @Test
  void pausesGrowToABoundAndAreNeverShorterThanAsked() {
    Random random = new Random(3);
    for (int attempt = 1; attempt <= 200; attempt++) {
      long most = attempt > 9 ? 900_000 : 2_000L << (attempt - 1);
      assertThat(Backoff.after(attempt, null, random).toMillis())
          .isBetween(0L, Math.min(most, 900_000));
      assertThat(Backoff.after(attempt, Duration.ofMinutes(7), random))
          .isBetween(Duration.ofMinutes(7), Duration.ofMinutes(9));
    }
    assertThat(Backoff.after(1, Duration.ofDays(3), random))
        .isBetween(Duration.ofHours(1), Duration.ofMinutes(61));
  }
}
