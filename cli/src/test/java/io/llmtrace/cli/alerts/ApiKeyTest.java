package io.llmtrace.cli.alerts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.cli.remote.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiKeyTest {
  @TempDir private Path folder;

  @Test
  void itIsOfTheOptionOrElseOfTheEnvironment() throws Exception {
    Path file = Files.writeString(folder.resolve("some.key"), "  llt_file\n");
    assertThat(ApiKey.of("llt_option", "llt_environment").reveal()).isEqualTo("llt_option");
    assertThat(ApiKey.of(null, "llt_environment").reveal()).isEqualTo("llt_environment");
    assertThat(ApiKey.of(null, "file:" + file).reveal()).isEqualTo("llt_file");
    assertThatThrownBy(() -> ApiKey.of(null, null))
        .hasMessageContaining("expected --key file:PATH, or LLMTRACE_KEY");
  }

  @Test
  void whatCannotBeOneIsRefusedAndNotRepeated() throws Exception {
    Path large = Files.writeString(folder.resolve("large"), "x".repeat(20_000));
    Path empty = Files.writeString(folder.resolve("empty"), "\n");
    for (String wrong :
        new String[] {"two words", "llt_\u00e9", "llt_\u0000", "file:" + large, "file:" + empty}) {
      assertThatThrownBy(() -> ApiKey.of(wrong, null))
          .isInstanceOf(RefusedException.class)
          .hasMessageStartingWith("--key: ")
          .hasMessageNotContaining("llt_")
          .hasMessageNotContaining("two words");
    }
  }
}
