package io.llmtrace.cli.grafana;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The files in {@code grafana/dashboards} are what the code makes. With {@code
 * -Dllmtrace.dashboards.write=true} they are written.
 */
class DashboardFilesTest {
  private static final boolean WRITE = Boolean.getBoolean("llmtrace.dashboards.write");

  @BeforeAll
  static void write() throws IOException {
    if (WRITE) {
      for (Dashboard dashboard : Dashboards.all()) {
        Files.writeString(
            GrafanaFiles.DASHBOARDS.resolve(dashboard.file()), Dashboards.text(dashboard));
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> eachFileIsTheGeneratedOne() {
    return Dashboards.all().stream()
        .map(
            dashboard ->
                DynamicTest.dynamicTest(dashboard.file(), () -> isTheGeneratedOne(dashboard)));
  }

  private static void isTheGeneratedOne(Dashboard dashboard) {
    assertThat(GrafanaFiles.DASHBOARDS.resolve(dashboard.file()))
        .as(
            "write it anew with: mvn test -pl cli -am -Dtest=DashboardFilesTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dllmtrace.dashboards.write=true")
        .hasContent(Dashboards.text(dashboard));
  }

  @Test
  void thereIsNoOther() throws IOException {
    List<String> expected = Dashboards.all().stream().map(Dashboard::file).sorted().toList();
    try (Stream<Path> files = Files.list(GrafanaFiles.DASHBOARDS)) {
      assertThat(files.map(file -> String.valueOf(file.getFileName())).sorted())
          .containsExactlyElementsOf(expected);
    }
  }
}
