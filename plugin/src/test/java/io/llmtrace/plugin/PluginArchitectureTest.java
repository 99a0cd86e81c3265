package io.llmtrace.plugin;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.llmtrace", importOptions = DoNotIncludeTests.class)
class PluginArchitectureTest {
  @ArchTest
  static final ArchRule THE_PLUGIN_DOES_NOT_KNOW_THE_CONTROL_PLANE =
      noClasses()
          .that()
          .resideInAPackage("io.llmtrace.plugin..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.llmtrace.controlplane..");

  @ArchTest
  static final ArchRule THE_HOST_DOES_NOT_KNOW_WHO_INSPECTS =
      noClasses()
          .that()
          .resideInAnyPackage("io.llmtrace.plugin.gateway..", "io.llmtrace.plugin.conf..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.llmtrace.plugin.inspection..", "io.llmtrace.plugin.telemetry..");

  @ArchTest
  static final ArchRule NO_TWO_PACKAGES_KNOW_EACH_OTHER =
      slices().matching("io.llmtrace.plugin.(*)..").should().beFreeOfCycles();
}
