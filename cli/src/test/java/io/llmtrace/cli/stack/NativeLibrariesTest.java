package io.llmtrace.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
  private static final List<String> PROPERTIES =
      List.of(NativeLibraries.ONNX_RUNTIME, NativeLibraries.TOKENIZERS, NativeLibraries.HYPERSCAN);

  @TempDir private Path folder;
  private final Map<String, String> before = new TreeMap<>();

  @BeforeEach
  void remember() {
    assumeThat(System.getProperty("os.name")).as("unpacked by us on Linux only").isEqualTo("Linux");
    for (String property : PROPERTIES) {
      String value = System.getProperty(property);
      if (value != null) {
        before.put(property, value);
      }
      System.clearProperty(property);
    }
  }

  @AfterEach
  void restore() {
    PROPERTIES.forEach(System::clearProperty);
    before.forEach(System::setProperty);
  }

  @Test
  void librariesAreUnpackedOnceAndWhole() throws Exception {
    Path own = folder.resolve("native");
    NativeLibraries.keepIn(own);
    Path onnx = Path.of(System.getProperty(NativeLibraries.ONNX_RUNTIME));
    assertThat(onnx).startsWith(own);
    assertThat(Files.size(onnx.resolve("libonnxruntime.so"))).isGreaterThan(10_000_000L);
    assertThat(onnx.resolve("libonnxruntime4j_jni.so")).isNotEmptyFile();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)))
        .isEqualTo("rwx------");
    FileTime unpacked = Files.getLastModifiedTime(onnx.resolve("libonnxruntime.so"));

    System.clearProperty(NativeLibraries.ONNX_RUNTIME);
    NativeLibraries.keepIn(own);
    assertThat(System.getProperty(NativeLibraries.ONNX_RUNTIME)).isEqualTo(onnx.toString());
    assertThat(Files.getLastModifiedTime(onnx.resolve("libonnxruntime.so"))).isEqualTo(unpacked);
  }

  @Test
  void whatAKilledProcessLeftHalfDoneIsRemoved() throws Exception {
    Path half = Files.createDirectories(folder.resolve("onnxruntime-half"));
    Files.writeString(half.resolve("libonnxruntime.so"), "half");
    NativeLibraries.keepIn(folder);
    assertThat(half).doesNotExist();
    assertThat(Path.of(System.getProperty(NativeLibraries.ONNX_RUNTIME))).isDirectory();
  }

  @Test
  void aChoiceOfTheOperatorStays() {
    System.setProperty(NativeLibraries.ONNX_RUNTIME, "/opt/onnxruntime");
    NativeLibraries.keepIn(folder);
    assertThat(System.getProperty(NativeLibraries.ONNX_RUNTIME)).isEqualTo("/opt/onnxruntime");
  }

  @Test
  void aDirectoryThatCannotBeWrittenLeavesTheLibrariesToThemselves() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    NativeLibraries.keepIn(file.resolve("native"));
    assertThat(System.getProperty(NativeLibraries.ONNX_RUNTIME)).isNull();
  }
}
