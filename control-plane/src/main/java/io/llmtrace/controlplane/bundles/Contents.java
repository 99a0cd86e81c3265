package io.llmtrace.controlplane.bundles;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.llmtrace.controlplane.policies.CompiledPolicies;
import io.llmtrace.controlplane.policies.LivePolicies;
import io.llmtrace.controlplane.policies.LivePolicies.Chosen;
import io.llmtrace.policies.bundle.Bundle;
import io.llmtrace.policies.bundle.SignedBundle;
import java.util.List;

/** What bundles hold, by the versions in them. Thread-safe. */
final class Contents {
  /** Instances of one fleet have few different ones: by tenants, labels and rollouts. */
  private static final int KEPT = 64;

  /** What a bundle holds, with its name. */
  record Content(List<Chosen> chosen, Bundle.Content content, String digest) {}

  private final CompiledPolicies compiled;
  private final Cache<List<Chosen>, Content> made = Caffeine.newBuilder().maximumSize(KEPT).build();

  Contents(CompiledPolicies compiled) {
    this.compiled = compiled;
  }

  Content of(LivePolicies live, Poll poll) {
    return made.get(live.of(poll.tenants(), poll.node(), poll.labels()), this::made);
  }

  private Content made(List<Chosen> chosen) {
    Bundle.Content content =
        new Bundle.Content(
            chosen.stream()
                .map(
                    each ->
                        new Bundle.Entry(
                            each.tenant(),
                            each.name(),
                            each.version(),
                            each.role(),
                            each.standard(),
                            compiled.get(each.policy(), each.version(), each.madeAt())))
                .toList());
    return new Content(chosen, content, SignedBundle.digest(content));
  }
}
