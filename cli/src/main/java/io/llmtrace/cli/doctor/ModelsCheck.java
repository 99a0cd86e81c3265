package io.llmtrace.cli.doctor;

import io.llmtrace.policies.detect.classify.GuardModel;
import io.llmtrace.policies.detect.classify.ModelException;
import io.llmtrace.runtime.config.ModelConfig;
import io.llmtrace.runtime.detection.EngineSetup;
import java.util.List;
import java.util.Set;

/** Whether the models of the configuration and the one that is shipped can be loaded. */
final class ModelsCheck implements Check {
  static final String NAME = "models";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Side side() {
    return Side.PLUGIN;
  }

  @Override
  public Set<String> needs() {
    return Set.of(ConfigurationCheck.NAME, JavaCheck.NAME);
  }

  @Override
  public Outcome look(Deployment deployment) {
    Findings findings = new Findings(NAME);
    List<ModelConfig> own = deployment.config().models();
    for (EngineSetup.ModelProblem problem : EngineSetup.check(deployment.config())) {
      ModelConfig model =
          own.stream()
              .filter(each -> each.spec().id().equals(problem.id()))
              .findFirst()
              .orElseThrow();
      findings.error(problem.reason(), mend(deployment, model, problem));
    }
    int loaded = own.size();
    if (deployment.config().detection().builtInModel()) {
      loaded++;
      try {
        GuardModel.load(1).close();
      } catch (ModelException | LinkageError e) {
        findings.error(
            "The classifier that is shipped cannot be loaded: " + e.getMessage(),
            "set detection.built_in_model: false in "
                + deployment.fileName()
                + ", or use a JRE for linux with glibc on x86_64 or aarch64");
      }
    }
    return findings.or(loaded + " models can be loaded");
  }

  private static String mend(
      Deployment deployment, ModelConfig model, EngineSetup.ModelProblem problem) {
    if (problem.absent()) {
      return "put the file at "
          + model.model()
          + ", or take the model out of "
          + deployment.fileName();
    }
    if (problem.reason().contains("SHA-256")) {
      return "sha256sum " + model.model() + "   # fetch the file again, or mend models[].sha256";
    }
    return "./llmtrace config validate "
        + deployment.fileName()
        + "   # after the files of model "
        + model.spec().id()
        + " were exported again";
  }
}
