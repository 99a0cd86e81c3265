package io.llmtrace.cli.doctor;

import io.llmtrace.controlplane.alerts.Alerts;
import io.llmtrace.runtime.config.ConfigProblem;

/** Whether the configuration can be read, and its alert rules and channels can be. */
final class ConfigurationCheck implements Check {
  static final String NAME = "configuration";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Outcome look(Deployment deployment) {
    Findings findings = new Findings(NAME);
    for (ConfigProblem problem : deployment.problems()) {
      findings.error(
          problem.file()
              + ":"
              + problem.line()
              + ": "
              + problem.key()
              + ": "
              + problem.expectation(),
          "edit line "
              + problem.line()
              + " of "
              + problem.file()
              + ", then ./llmtrace config"
              + " validate "
              + deployment.fileName());
    }
    if (findings.none() && deployment.side() != Side.PLUGIN) {
      for (String problem : Alerts.problems(deployment.config().alerts())) {
        findings.error(
            problem,
            "edit "
                + deployment.fileName()
                + ", then ./llmtrace config validate "
                + deployment.fileName());
      }
    }
    return findings.or(
        deployment.file() == null ? "no file, the defaults hold" : deployment.file().toString());
  }
}
