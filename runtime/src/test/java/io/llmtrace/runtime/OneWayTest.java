package io.llmtrace.runtime;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class OneWayTest {
  @Test
  void theRuntimeKnowsNoProcessThatUsesIt() {
    noClasses()
        .that()
        .resideInAPackage("io.llmtrace.runtime..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.llmtrace.plugin..",
            "io.llmtrace.controlplane..",
            "io.llmtrace.testkit..",
            "io.llmtrace.cli..")
        .check(
            new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.llmtrace"));
  }
}
