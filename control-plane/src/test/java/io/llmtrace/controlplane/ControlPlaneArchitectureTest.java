package io.llmtrace.controlplane;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

// Tests may use the testkit.
@AnalyzeClasses(
    packages = "io.llmtrace.controlplane",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ControlPlaneArchitectureTest {
  @ArchTest
  static final ArchRule theControlPlaneNeverKnowsThePlugin =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.llmtrace.plugin..", "io.llmtrace.testkit..", "io.llmtrace.cli..");

  @ArchTest
  static final ArchRule noWayLeadsFromAFeatureBackToIt =
      slices().matching("io.llmtrace.controlplane.(*)..").should().beFreeOfCycles();
}
