package io.llmtrace.policies.detect.parse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class FencedCodeTest {
  @Test
  void finds_blocks_with_their_language() {
    String text = "a\n```Python title=x\nb\n```\n~~~~\nc\n```\n~~~~\n  ```c++\nd";
    assertThat(contents(text)).containsExactly("python|b\n", "|c\n```\n", "c++|d");
  }

  @Property(tries = 500)
  void any_text_is_read_and_blocks_lie_within_it(@ForAll String text) {
    String noise = text.replace('a', '`').replace('b', '\n');
    for (FencedCode block : FencedCode.find("```x\n" + noise)) {
      assertThat(block.start()).isBetween(0, block.end());
      assertThat(block.end()).isLessThanOrEqualTo(noise.length() + 5);
    }
  }

  private static List<String> contents(String text) {
    return FencedCode.find(text).stream()
        .map(b -> b.language() + "|" + text.substring(b.start(), b.end()))
        .toList();
  }
}
