package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.classify.LabelClassifier;
import io.llmtrace.policies.detect.classify.ModelSlot;
import io.llmtrace.policies.detect.classify.ModelState;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;

/**
 * The models that somebody brought, asked one after the other. What they find stands beside the
 * verdict of the shipped stages, whose combination knows nothing of them. Thread-safe.
 */
final class OwnModels {
  /** A model and the zones it reads, known before it is loaded. */
  private record Member(ModelSlot<LabelClassifier> slot, Set<Zone> zones) {}

  private final List<Member> members;

  /** Models that {@code executor} loads. */
  OwnModels(List<OwnModel> models, Executor executor) {
    this.members =
        models.stream()
            .map(
                model ->
                    new Member(
                        ModelSlot.load(model.spec().id(), model.loader(), executor),
                        model.spec().zones()))
            .toList();
  }

  List<String> ids() {
    return members.stream().map(member -> member.slot().id()).toList();
  }

  /** Those that read one of these zones. */
  List<String> ids(Set<Zone> zones) {
    return members.stream()
        .filter(member -> member.zones().stream().anyMatch(zones::contains))
        .map(member -> member.slot().id())
        .toList();
  }

  Map<String, ModelState> states() {
    Map<String, ModelState> states = new LinkedHashMap<>();
    members.forEach(member -> states.put(member.slot().id(), member.slot().state()));
    return states;
  }

  /** Whether one of them reads a zone, if it loads. */
  boolean read(Zone zone) {
    return members.stream().anyMatch(member -> member.zones().contains(zone));
  }

  /** Those that would read one of the segments and cannot. */
  List<String> missing(List<Segment> segments) {
    return members.stream()
        .filter(member -> member.slot().state().status() != ModelState.Status.LOADED)
        .filter(member -> segments.stream().anyMatch(s -> member.zones().contains(s.zone())))
        .map(member -> member.slot().id())
        .toList();
  }

  /**
   * What they say of a segment.
   *
   * @param findings in the order of the models and their labels
   * @param micros what each took, microseconds
   * @param unfinished models that the budget, or the length of the text, cut short
   * @param silent models that could not be asked
   * @param loading whether one of those may still come
   */
  record Said(
      List<Finding> findings,
      Map<String, Long> micros,
      List<String> unfinished,
      List<String> silent,
      boolean loading) {}

  Said ask(SegmentReading reading, InspectionBudget budget) {
    List<Finding> findings = new ArrayList<>();
    Map<String, Long> micros = new LinkedHashMap<>();
    List<String> unfinished = new ArrayList<>();
    List<String> silent = new ArrayList<>();
    boolean loading = false;
    for (Member member : members) {
      ModelSlot<LabelClassifier> slot = member.slot();
      if (!member.zones().contains(reading.segment().zone())) {
        continue;
      }
      if (budget.spent()) {
        unfinished.add(slot.id());
        continue;
      }
      loading |= slot.state().status() == ModelState.Status.LOADING;
      long start = System.nanoTime();
      Optional<Boolean> complete =
          slot.ask(model -> Optional.of(model.read(reading, budget, findings::add)));
      if (complete.isEmpty()) {
        silent.add(slot.id());
      } else {
        micros.put(slot.id(), (System.nanoTime() - start) / 1000);
        if (!complete.get()) {
          unfinished.add(slot.id());
        }
      }
    }
    return new Said(findings, micros, unfinished, silent, loading);
  }
}
