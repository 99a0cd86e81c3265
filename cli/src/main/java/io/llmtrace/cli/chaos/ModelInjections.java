package io.llmtrace.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.cli.chaos.ChaosStack.Part;
import io.llmtrace.policies.detect.classify.GuardModel;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Faults of models. Stateless. */
final class ModelInjections {
  private static final String ID = "chaos-guard";
  private static final String SHIPPED = "/models/guard-minilm/";

  private ModelInjections() {}

  /** The plugin has a model of its own, and starts again with its file damaged. */
  static Injection damaged() {
    return new Injection() {
      @Override
      public void prepare(ChaosStack stack) throws IOException, InterruptedException {
        Path folder = Files.createDirectories(stack.files().directory().resolve("model"));
        copy("model.onnx", folder);
        copy("tokenizer.json", folder);
        Files.writeString(
            config(stack),
            Files.readString(stack.files().config())
                + """
                detection: {built_in_model: false}
                models:
                  - id: %s
                    path: "%s"
                    tokenizer: "%s"
                    sha256: %s
                    labels: {"0": {type: prompt_injection, threshold: 0.99, severity: low}}
                    zones: [user]
                """
                    .formatted(
                        ID,
                        folder.resolve("model.onnx"),
                        folder.resolve("tokenizer.json"),
                        sha256(folder.resolve("model.onnx"))));
        stack.process(Part.PLUGIN).close();
        start(stack);
        require(stack, "loaded");
      }

      @Override
      public void begin(ChaosStack stack) throws IOException, InterruptedException {
        stack.process(Part.PLUGIN).kill();
        StorageInjections.damage(stack.files().directory().resolve("model/model.onnx"));
      }

      @Override
      public void end(ChaosStack stack) throws IOException, InterruptedException {
        start(stack);
        require(stack, "failed");
      }

      @Override
      public void after(ChaosStack stack) throws IOException, InterruptedException {
        stack.process(Part.PLUGIN).close();
        stack.start(Part.PLUGIN);
      }

      private void start(ChaosStack stack) throws IOException, InterruptedException {
        Processes processes = stack.processes();
        processes.start(Part.PLUGIN, processes.usual().with(config(stack)));
      }
    };
  }

  /** Without it a model of which a weight is another one is a model, too. */
  private static String sha256(Path file) throws IOException {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static Path config(ChaosStack stack) {
    return stack.files().directory().resolve("llmtrace-model.yaml");
  }

  private static void copy(String name, Path folder) throws IOException {
    try (InputStream in = GuardModel.class.getResourceAsStream(SHIPPED + name)) {
      if (in == null) {
        throw new FileNotFoundException(SHIPPED + name);
      }
      Files.copy(in, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static void require(ChaosStack stack, String state)
      throws IOException, InterruptedException {
    JsonNode models = stack.pluginHealth().path("ml_models");
    String found = models.path(ID).asText();
    if (!found.equals(state)) {
      throw new IOException("expected the model to be " + state + ", /health says " + models);
    }
  }
}
