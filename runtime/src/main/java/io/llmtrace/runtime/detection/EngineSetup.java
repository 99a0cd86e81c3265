package io.llmtrace.runtime.detection;

import io.llmtrace.policies.detect.classify.GuardModel;
import io.llmtrace.policies.detect.classify.ModelException;
import io.llmtrace.policies.detect.engine.EngineOptions;
import io.llmtrace.policies.detect.engine.OwnModel;
import io.llmtrace.runtime.config.DetectionConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/** What an engine is made of, as the configuration says. Stateless. */
public final class EngineSetup {
  private EngineSetup() {}

  /** The options; no file of a model is opened until the engine loads it. */
  public static EngineOptions options(LlmtraceConfig config) {
    DetectionConfig detection = config.detection();
    EngineOptions options =
        EngineOptions.standard()
            .with(detection.profile())
            .withRules(detection.packs(), detection.disabledRules())
            .withModels(config.models().stream().map(EngineSetup::model).toList())
            .with(detection.sensitive().settings())
            .with(detection.toxicity());
    return detection.builtInModel() ? options : options.without(GuardModel.NAME);
  }

  private static OwnModel model(ModelConfig model) {
    return new OwnModel(model.spec(), new ModelFiles(model)::load);
  }

  /**
   * A model that cannot be used as it stands.
   *
   * @param id of the model
   * @param absent whether its file is not there, which a process starts without
   * @param reason what is wrong and what was expected
   */
  public record ModelProblem(String id, boolean absent, String reason) {}

  /** Loads every model of the configuration, one after the other, and lets go of it again. */
  public static List<ModelProblem> check(LlmtraceConfig config) {
    List<ModelProblem> problems = new ArrayList<>();
    for (ModelConfig model : config.models()) {
      try {
        new ModelFiles(model).load().close();
      } catch (ModelException e) {
        problems.add(
            new ModelProblem(model.spec().id(), e.isAbsent(), String.valueOf(e.getMessage())));
      } catch (LinkageError e) {
        problems.add(
            new ModelProblem(model.spec().id(), true, "no library that runs models here: " + e));
      }
    }
    return problems;
  }
}
