package io.llmtrace.runtime.detection;

import io.llmtrace.policies.detect.classify.LabelModel;
import io.llmtrace.policies.detect.classify.ModelException;
import io.llmtrace.runtime.config.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The files of one model. */
final class ModelFiles {
  /** An array holds no more than twice as much; a classifier of this size is slow already. */
  private static final long LARGEST_MODEL = 1L << 30;

  private static final long LARGEST_TOKENIZER = 64L << 20;
  private static final long LARGEST_CONFIG = 1L << 20;

  private final ModelConfig model;

  ModelFiles(ModelConfig model) {
    this.model = model;
  }

  /**
   * Reads the files and makes the model.
   *
   * @throws ModelException absent if the ONNX file is not there; failed if another one is not, the
   *     checksum is another, or the model cannot be used
   */
  LabelModel load() throws ModelException {
    if (!Files.exists(model.model())) {
      throw ModelException.absent(says("there is no file " + model.model()));
    }
    byte[] onnx = read(model.model(), LARGEST_MODEL);
    String expected = model.sha256();
    if (expected != null) {
      check(onnx, expected);
    }
    byte[] tokenizer = read(model.tokenizer(), LARGEST_TOKENIZER);
    return LabelModel.load(model.spec(), onnx, tokenizer, config());
  }

  private byte @Nullable [] config() throws ModelException {
    Path named = model.config();
    if (named != null) {
      return read(named, LARGEST_CONFIG);
    }
    Path beside = model.model().resolveSibling("config.json");
    return Files.exists(beside) ? read(beside, LARGEST_CONFIG) : null;
  }

  private void check(byte[] onnx, String expected) throws ModelException {
    String found;
    try {
      found = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(onnx));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    if (!found.equals(expected)) {
      throw ModelException.failed(
          says(model.model() + " has the SHA-256 " + found + ", expected " + expected));
    }
  }

  private byte[] read(Path file, long most) throws ModelException {
    try {
      if (!Files.isRegularFile(file)) {
        throw ModelException.failed(says("there is no file " + file));
      }
      if (Files.size(file) > most) {
        throw ModelException.failed(says(file + " has more than " + most + " bytes"));
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new ModelException(says(file + " cannot be read: " + e), e);
    }
  }

  private String says(String what) {
    return "model '" + model.spec().id() + "': " + what;
  }
}
