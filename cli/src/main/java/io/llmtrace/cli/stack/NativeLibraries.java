package io.llmtrace.cli.stack;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where native libraries of our dependencies are unpacked: once, into the data directory. On their
 * own ONNX Runtime unpacks 24 MB into a temporary folder at each start, and leaves them there when
 * the process is killed; the others write into the home directory, which a service need not have.
 *
 * <p>What a system property of theirs says already stays as it is.
 */
public final class NativeLibraries {
  private static final Logger log = LoggerFactory.getLogger(NativeLibraries.class);
  static final String ONNX_RUNTIME = "onnxruntime.native.path";
  static final String TOKENIZERS = "DJL_CACHE_DIR";
  static final String HYPERSCAN = "org.bytedeco.javacpp.cachedir";
  private static final String UNPACKED = "onnxruntime-";

  private NativeLibraries() {}

  /**
   * Has them kept below this directory. Call before the first of them is loaded. What cannot be
   * written is logged, and unpacked as its library would by itself.
   */
  public static void keepIn(Path directory) {
    try {
      Path own = directory.toAbsolutePath();
      Files.createDirectories(
          own, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      setIfAbsent(TOKENIZERS, own.resolve("djl"));
      setIfAbsent(HYPERSCAN, own.resolve("javacpp"));
      if (System.getProperty(ONNX_RUNTIME) == null) {
        Optional<Path> unpacked = unpackOnnxRuntime(own);
        unpacked.ifPresent(path -> System.setProperty(ONNX_RUNTIME, path.toString()));
      }
    } catch (IOException e) {
      log.warn("native libraries are unpacked elsewhere: {}", e.toString());
    }
  }

  private static void setIfAbsent(String property, Path value) {
    if (System.getProperty(property) == null && System.getenv(property) == null) {
      System.setProperty(property, value.toString());
    }
  }

  /** The folder with both libraries; empty where this platform has none, or they are in no jar. */
  private static Optional<Path> unpackOnnxRuntime(Path directory) throws IOException {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch", "");
    String platform = arch.equals("amd64") ? "linux-x64" : "linux-" + arch;
    String from = "ai/onnxruntime/native/" + platform + "/";
    // The second needs the first beside it; the first names the version by its checksum.
    List<String> names = List.of("libonnxruntime.so", "libonnxruntime4j_jni.so");
    URL main = NativeLibraries.class.getClassLoader().getResource(from + names.get(0));
    if (!os.equals("linux") || main == null) {
      return Optional.empty();
    }
    URLConnection connection = main.openConnection();
    if (!(connection instanceof JarURLConnection jar)) {
      return Optional.empty();
    }
    Path folder =
        directory.resolve(UNPACKED + Long.toHexString(jar.getJarEntry().getCrc())).normalize();
    if (!Files.isDirectory(folder)) {
      removeOthers(directory);
      Path fresh = Files.createTempDirectory(directory, UNPACKED);
      for (String name : names) {
        URL library = NativeLibraries.class.getClassLoader().getResource(from + name);
        if (library == null) {
          throw new IOException(from + name + " is missing beside " + main);
        }
        try (InputStream in = library.openStream()) {
          Files.copy(in, fresh.resolve(name));
        }
      }
      // Whole or not at all: a process may start while another unpacks, or be killed while it does.
      try {
        Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        if (!Files.isDirectory(folder)) {
          throw e;
        }
        delete(fresh);
      }
    }
    return Optional.of(folder);
  }

  /** Of earlier versions, or of a process that was killed; one that runs has them mapped. */
  private static void removeOthers(Path directory) throws IOException {
    try (DirectoryStream<Path> others = Files.newDirectoryStream(directory, UNPACKED + "*")) {
      for (Path other : others) {
        delete(other);
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(folder);
  }
}
