package io.llmtrace.plugin.inspection;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  @Test
  void noTextComesTwiceForAVerdictThatIsRememberedWarmsNothing() {
    List<String> inspected = new ArrayList<>();
    WarmUp.run(new MarkerAnalysis(inspected::add), Duration.ofSeconds(20));
    assertThat(inspected).hasSizeGreaterThan(100).doesNotHaveDuplicates();
  }

  @Test
  void itEndsWhenTheGatewayCanWaitNoLonger() {
    List<String> inspected = new ArrayList<>();
    WarmUp.run(new MarkerAnalysis(inspected::add), Duration.ZERO);
    assertThat(inspected).isEmpty();
  }
}
