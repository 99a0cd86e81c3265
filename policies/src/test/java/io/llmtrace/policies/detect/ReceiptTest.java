package io.llmtrace.policies.detect;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.WireJson;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReceiptTest {
  @Test
  void whatWasLeftOutIsNamedAndWhatWasNotTakesNoRoom() throws Exception {
    Receipt partial =
        new Receipt(
            Coverage.PARTIAL, "budget", 3, 1, 9, List.of("signatures"), List.of("/a", "/b"));
    String json = WireJson.mapper().writeValueAsString(partial);
    assertThat(json).contains("\"unread\":[\"/a\",\"/b\"]");
    assertThat(WireJson.mapper().readValue(json, Receipt.class)).isEqualTo(partial);

    Receipt whole = new Receipt(Coverage.INSPECTED, "", 3, 3, 9, List.of());
    String brief = WireJson.mapper().writeValueAsString(whole);
    assertThat(brief).doesNotContain("unread");
    assertThat(WireJson.mapper().readValue(brief, Receipt.class)).isEqualTo(whole);
  }

  @Test
  void aNameThatAClientMadeEndlessIsCut() {
    Segment endless = new Segment(Zone.USER, "user", "/" + "x".repeat(100_000), "text");
    Segment plain = new Segment(Zone.USER, "user", "/messages/0/content", "text");
    List<String> pointers = Receipt.pointers(List.of(plain, endless), List.of(0, 1));
    assertThat(pointers.get(0)).isEqualTo("/messages/0/content");
    assertThat(pointers.get(1)).hasSize(200).endsWith("x…");
  }
}
