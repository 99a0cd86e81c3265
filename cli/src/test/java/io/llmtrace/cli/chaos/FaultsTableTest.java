package io.llmtrace.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The table of the page is that of the code; {@code -Dllmtrace.docs.write=true} writes it anew. */
class FaultsTableTest {
  private static final String BEGIN = "<!-- faults: begin -->\n";
  private static final String END = "<!-- faults: end -->";

  @Test
  void thePageShowsTheFaultsOfTheCode() throws IOException {
    Path page = page();
    String text = Files.readString(page);
    String expected = BEGIN + FaultsTable.markdown(Faults.all()) + END;
    int from = text.indexOf(BEGIN);
    int to = text.indexOf(END) + END.length();
    assertThat(from).as("%s has the marks of the table", page).isBetween(0, to);
    if (Boolean.getBoolean("llmtrace.docs.write")) {
      Files.writeString(page, text.substring(0, from) + expected + text.substring(to));
      return;
    }
    assertThat(text.substring(from, to)).isEqualTo(expected);
  }

  @Test
  void namesAreUniqueAndEveryGroupHasFaults() {
    List<Fault> all = Faults.all();
    assertThat(all.stream().map(Fault::name)).doesNotHaveDuplicates();
    assertThat(all.stream().map(Fault::name)).allMatch(name -> name.matches("[a-z-]+"));
    Set<Fault.Group> groups = all.stream().map(Fault::group).collect(Collectors.toSet());
    assertThat(groups).isEqualTo(EnumSet.allOf(Fault.Group.class));
  }

  /** Loosened by hand, this would let failures pass for all faults at once. */
  @Test
  void whatTheControlPlaneAndTheDatabaseDoIsNotNoticed() {
    assertThat(Faults.all())
        .filteredOn(
            fault ->
                fault.group() == Fault.Group.CONTROL_PLANE || fault.group() == Fault.Group.DATABASE)
        .hasSizeGreaterThan(10)
        .allMatch(fault -> fault.expectation().equals(Expectation.unnoticed()));
    assertThat(Faults.all())
        .as("recovery within recovery_timeout_ms and five seconds")
        .allMatch(fault -> fault.expectation().recovery().equals(Expectation.RECOVERY));
  }

  private static Path page() {
    Path here = Path.of("docs/operations/chaos.md");
    return Files.exists(here) ? here : Path.of("..").resolve(here);
  }
}
