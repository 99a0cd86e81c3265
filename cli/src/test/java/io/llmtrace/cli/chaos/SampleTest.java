package io.llmtrace.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.cli.chaos.Sent.Kind;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class SampleTest {
  @Test
  void aSampleFitsAndTakesFromManyGroups() {
    List<Fault> sample = Sample.of(Faults.all(), Duration.ofSeconds(79));
    assertThat(sample.stream().mapToInt(Fault::seconds).sum()).isLessThanOrEqualTo(79);
    assertThat(sample.stream().map(Fault::group).distinct()).hasSizeGreaterThanOrEqualTo(4);
  }

  @Test
  void muchTimeTakesAllInTheirOrder() {
    List<Fault> all = Faults.all();
    assertThat(Sample.of(all, Duration.ofHours(1)).stream().map(Fault::name).toList())
        .isEqualTo(all.stream().map(Fault::name).toList());
  }

  @Test
  void theWholeMatrixTakesLessThanTwentyMinutes() {
    assertThat(Faults.all().stream().mapToInt(Fault::seconds).sum()).isLessThan(19 * 60);
  }

  @Test
  void noTimeTakesNothing() {
    assertThat(Sample.of(Faults.all(), Duration.ZERO)).isEmpty();
    assertThat(Sample.of(Faults.all(), Duration.ofSeconds(-9))).isEmpty();
  }

  @Test
  void whatAClientCallsAnError() {
    assertThat(Client.error(Kind.JSON, 200, "{}")).isNull();
    assertThat(Client.error(Kind.JSON, 200, "{\"half")).isEqualTo(ClientError.CUT);
    assertThat(Client.error(Kind.STREAM, 200, "data: {}\n\ndata: [DONE]\n\n")).isNull();
    assertThat(Client.error(Kind.STREAM, 200, "data: {}\n\n")).isEqualTo(ClientError.CUT);
    assertThat(Client.error(Kind.ATTACK, 400, "")).isNull();
    assertThat(Client.error(Kind.JSON, 400, "")).isEqualTo(ClientError.REFUSED);
    assertThat(Client.error(Kind.CLOSED, 503, "")).isEqualTo(ClientError.CLOSED_ROUTE);
    assertThat(Client.error(Kind.JSON, 503, "")).isEqualTo(ClientError.OTHER);
    assertThat(Client.error(Kind.JSON, 502, "")).isEqualTo(ClientError.NO_PROVIDER);
    assertThat(Client.error(Kind.JSON, 500, "")).isEqualTo(ClientError.OTHER);
  }
}
