package io.llmtrace.policies.detect.sensitive;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.FindingType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Keeps {@code docs/reference/sensitive-kinds.md} what the catalogue is. {@code mvn test -pl
 * policies -Dtest=SensitiveKindsPageTest -Dsensitive.page=write} writes it.
 */
class SensitiveKindsPageTest {
  private static final Path PAGE = Path.of("..", "docs", "reference", "sensitive-kinds.md");

  @Test
  void the_page_is_what_the_catalogue_is() throws IOException {
    if ("write".equals(System.getProperty("sensitive.page"))) {
      Files.createDirectories(PAGE.getParent());
      Files.writeString(PAGE, page());
    }
    assertThat(Files.readString(PAGE)).isEqualTo(page());
  }

  private static String page() {
    StringBuilder page = new StringBuilder();
    page.append(
        """
        # Secrets and personal data

        Made from the catalogue `SensitiveKinds`; a test fails when it is stale. To renew it:
        `mvn test -pl policies -Dtest=SensitiveKindsPageTest -Dsensitive.page=write`.

        The stage `sensitive` reports each value once, as `secret_leakage` or `pii_detected`; the rule of
        a finding is the kind. The span is the value alone, without its name or quotes. Evidence shows a
        prefix that all values of the kind share and the length, never the value.

        - **Context** says what words beside a value mean for it: *raises* the confidence, or *required*:
          without one there is no finding. Words are known in the languages that we see most.
        - **Off by default:** names of people and postal addresses, because only words around them tell
          them and most texts hold them for good reasons; MAC addresses, coordinates and vehicle plates,
          because technical text is full of them. Switch them on by their id.
        - **A country** in the table makes a kind part of that country's pack: it is read only where the
          country is on. All are, by default.
        - **Examples** are no findings: placeholders (`changeme`, `<your-key>`, `${TOKEN}`, `sk-xxxx`,
          repeated or consecutive characters), keys, cards and numbers that vendors and authorities
          print. They can be asked for and are then of severity info with `example` in the evidence.
        - **Contact data that is nobody's** stays a finding, of severity info and with a note, because
          texts use it in the place of the real thing: e-mail at `example.com` and reserved domains,
          555-01xx telephones, private and documentation ranges of addresses.
        - **A checksum that does not hold** hides a number (cards, accounts, national ids), but only lowers
          the confidence of a token (GitHub, npm, Grafana): a token may have been typed.
        - Keys of a test mode (`sk_test_…`) are of severity medium.

        """);
    table(page, "Secrets", FindingType.SECRET_LEAKAGE);
    page.append('\n');
    table(page, "Personal data", FindingType.PII_DETECTED);
    return page.toString();
  }

  private static void table(StringBuilder page, String title, FindingType type) {
    page.append("## ").append(title).append("\n\n");
    page.append("| kind | what | group | country | default | severity | context | check |\n");
    page.append("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (SensitiveKind kind : SensitiveKinds.all()) {
      if (kind.type() == type) {
        page.append(
            String.format(
                "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n",
                kind.id(),
                kind.title(),
                kind.group(),
                kind.country(),
                kind.onByDefault() ? "on" : "off",
                kind.severity().label(),
                switch (kind.context()) {
                  case NOT_READ -> "";
                  case RAISES -> "raises";
                  case REQUIRED -> "required";
                },
                kind.check()));
      }
    }
  }
}
