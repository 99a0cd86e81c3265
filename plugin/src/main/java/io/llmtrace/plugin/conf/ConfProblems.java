package io.llmtrace.plugin.conf;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says once what is wrong with a route's configuration: in the log and as a count. Thread-safe. */
final class ConfProblems {
  private static final Logger LOG = LoggerFactory.getLogger(ConfProblems.class);

  private final Counter count;

  ConfProblems(MeterRegistry meters) {
    this.count =
        Counter.builder("llmtrace_plugin_conf_problems")
            .description("Problems found in route configurations")
            .register(meters);
  }

  /** Reports a configuration that came into force. */
  void report(String key, RouteConf conf) {
    if (!conf.problems().isEmpty()) {
      count.increment(conf.problems().size());
      LOG.warn("route configuration {} has problems, defaults stand in: {}", key, conf.problems());
    }
  }
}
