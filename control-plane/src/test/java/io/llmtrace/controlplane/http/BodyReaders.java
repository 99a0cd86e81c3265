package io.llmtrace.controlplane.http;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.reflect.Constructor;
import java.util.Comparator;
import java.util.List;

/** Every reader of a body that the API has, by their names: a new one is among them. */
final class BodyReaders {
  private BodyReaders() {}

  static List<BodyFields> all() {
    return new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.llmtrace.controlplane")
            .stream()
            .filter(each -> each.isAssignableTo(BodyFields.class) && !each.isInterface())
            .sorted(Comparator.comparing(JavaClass::getName))
            .map(BodyReaders::made)
            .toList();
  }

  private static BodyFields made(JavaClass reader) {
    try {
      Constructor<?> constructor = reader.reflect().getDeclaredConstructor();
      constructor.setAccessible(true);
      return (BodyFields) constructor.newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          reader.getName() + " has no constructor without parameters", e);
    }
  }
}
