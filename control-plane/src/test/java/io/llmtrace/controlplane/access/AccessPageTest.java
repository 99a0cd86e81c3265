package io.llmtrace.controlplane.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The table in docs/reference/access.md is the table in {@link Role}. */
class AccessPageTest {
  @Test
  void thePageSaysWhatTheRolesMay() throws Exception {
    String page = Files.readString(Path.of("../docs/reference/access.md"));
    assertThat(page).contains(table());
  }

  private static String table() {
    return Arrays.stream(Permission.values())
        .map(
            permission ->
                "| `%s` | ".formatted(permission.label())
                    + Arrays.stream(Role.values())
                        .map(role -> role.permissions().contains(permission) ? "yes" : "")
                        .collect(Collectors.joining(" | "))
                    + " |")
        .collect(Collectors.joining("\n"));
  }
}
