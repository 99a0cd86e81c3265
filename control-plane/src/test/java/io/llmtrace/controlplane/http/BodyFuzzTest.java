package io.llmtrace.controlplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import jakarta.ws.rs.WebApplicationException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Bodies of the API on any bytes, by every reader that there is: fields, or an answer that says
 * what is wrong with them. The first byte of an input says which reader it is for. Fuzzed with
 * {@code .ci/fuzz}.
 */
class BodyFuzzTest {
  private static final List<BodyFields> READERS = readers();

  @FuzzTest(maxDuration = "10m")
  void bodies(byte[] input) throws IOException {
    if (input.length == 0) {
      return;
    }
    byte[] sent = Arrays.copyOfRange(input, 1, input.length);
    try {
      JsonBody body = JsonBody.read(new ByteArrayInputStream(sent));
      READERS.get(Math.floorMod(input[0] - 'A', READERS.size())).read(body);
      body.finish();
    } catch (WebApplicationException e) {
      assertThat(e.getResponse().getStatus()).isIn(400, 413, 422);
    }
  }

  /** Cursors come back from callers, who may have made them themselves. */
  @FuzzTest(maxDuration = "10m")
  void cursors(byte[] bytes) {
    try {
      Cursor cursor = Cursor.decode(new String(bytes, StandardCharsets.UTF_8), 2);
      assertThat(cursor).isNotNull();
      assertThat(Cursor.decode(cursor.encoded(), 2)).isEqualTo(cursor);
    } catch (WebApplicationException e) {
      assertThat(e.getResponse().getStatus()).isEqualTo(400);
    }
  }

  private static List<BodyFields> readers() {
    return new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.llmtrace.controlplane")
            .stream()
            .filter(each -> each.isAssignableTo(BodyFields.class) && !each.isInterface())
            .sorted(Comparator.comparing(JavaClass::getName))
            .map(BodyFuzzTest::made)
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
