package io.llmtrace.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.llmtrace.cli.stack.ChildProcess;

@AnalyzeClasses(packages = "io.llmtrace.cli", importOptions = DoNotIncludeTests.class)
class CliArchitectureTest {
  @ArchTest
  static final ArchRule NO_COMMAND_KNOWS_THE_ROOT =
      noClasses()
          .that()
          .resideInAPackage("io.llmtrace.cli.*..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.llmtrace.cli");

  @ArchTest
  static final ArchRule NO_TWO_PACKAGES_KNOW_EACH_OTHER =
      slices().matching("io.llmtrace.cli.(**)").should().beFreeOfCycles();

  @ArchTest
  static void childrenRunTheCommandLine(JavaClasses classes) {
    assertThat(classes.get(Main.class).getName()).isEqualTo(ChildProcess.LLMTRACE);
  }
}
