package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ConfigurationReferenceTest {
  private static final Path PAGE = Path.of("..", "docs", "reference", "configuration.md");
  private static final String COMMAND =
      "mvn test -pl runtime -am -Dtest=ConfigurationReferenceTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dllmtrace.docs.write=true";

  private final ConfigurationReference reference;

  ConfigurationReferenceTest() throws Exception {
    reference =
        new ConfigurationReference(Files.readString(Path.of("..", "llmtrace.example.yaml")));
  }

  @Test
  void every_key_that_is_read_is_explained_and_no_other() {
    assertThat(reference.unexplained())
        .as(
            "keys without a comment beside or above them in llmtrace.example.yaml, and without a"
                + " line in configuration-meanings.properties")
        .isEmpty();
    assertThat(reference.stale()).as("lines of keys that are gone").isEmpty();
  }

  @Test
  void the_page_is_the_one_that_is_made() throws Exception {
    String made = reference.page();
    if (Boolean.getBoolean("llmtrace.docs.write")) {
      Files.writeString(PAGE, made);
    }
    assertThat(PAGE).as("stale; written anew by: %s", COMMAND).hasContent(made);
  }

  @Test
  void names_bounds_and_defaults_are_the_readers() {
    assertThat(reference.page())
        .contains("| `failure_threshold` | integer, from 1 to 10000 | `10` | failures in a row")
        .contains("| `max_request_body` | size, from 1KiB to 16MiB | `16MiB` |")
        .contains("| `node` |", "the host's name")
        .contains("| `labels.NAME.threshold` |")
        .doesNotContain(ConfigurationReference.HOST);
  }
}
