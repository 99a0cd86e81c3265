package io.llmtrace.controlplane;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.llmtrace.controlplane")
class ArchitectureTest {
  @ArchTest
  static final ArchRule theControlPlaneNeverKnowsThePlugin =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.llmtrace.plugin..", "io.llmtrace.testkit..", "io.llmtrace.cli..");
}
