package io.llmtrace.policies.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests and answers in the shapes that providers document, and how they read. */
class DialectFixturesTest {
  static Stream<Dialect> dialects() {
    return DialectFixtures.dialects();
  }

  @ParameterizedTest
  @MethodSource("dialects")
  void every_recorded_shape_reads_as_expected(Dialect dialect) throws Exception {
    String rendered = DialectFixtures.rendered(dialect);
    // Kept for whoever adds a fixture: to be read line by line, and then to become expected.txt.
    Path kept = Path.of("target", "dialects", dialect.label() + ".txt");
    Files.createDirectories(kept.getParent());
    Files.writeString(kept, rendered);
    assertThat(rendered).isEqualTo(DialectFixtures.expected(dialect));
  }
}
