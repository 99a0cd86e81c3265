package io.llmtrace.policies;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.llmtrace", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule knows_no_other_module =
      noClasses()
          .that()
          .resideInAPackage("io.llmtrace.policies..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.llmtrace.runtime..",
              "io.llmtrace.plugin..",
              "io.llmtrace.controlplane..",
              "io.llmtrace.testkit..",
              "java.net..",
              "java.nio.file..");

  @ArchTest
  static final ArchRule exchanges_know_nothing_of_judgement =
      noClasses()
          .that()
          .resideInAPackage("io.llmtrace.policies.exchange..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.llmtrace.policies.detect..", "io.llmtrace.policies.policy..");

  @ArchTest
  static final ArchRule no_two_packages_know_each_other =
      slices().matching("io.llmtrace.policies.(**)").should().beFreeOfCycles();
}
