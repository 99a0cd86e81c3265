package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Sources;
import io.llmtrace.policies.detect.classify.LabelModel;
import io.llmtrace.policies.detect.classify.LabelModelSpec;
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
  /** A model and how it is asked, known before it is loaded. */
  private record Member(ModelSlot<? extends LabelModel> slot, LabelModelSpec spec) {
    boolean reads(Zone zone) {
      return spec.zones().contains(zone);
    }

    static Member of(OwnModel model, Executor executor) {
      return new Member(ModelSlot.load(model.spec().id(), model.loader(), executor), model.spec());
    }
  }

  private final List<Member> members;

  /** Models that {@code executor} loads. */
  OwnModels(List<OwnModel> models, Executor executor) {
    this(models.stream().map(model -> Member.of(model, executor)).toList());
  }

  private OwnModels(List<Member> members) {
    this.members = members;
  }

  /** Those that read a text alone: a request has nothing that an answer could be grounded in. */
  OwnModels ofTexts() {
    return new OwnModels(
        members.stream().filter(member -> !member.spec().isCrossEncoder()).toList());
  }

  /** What is to be kept of the sources of a question for them, bytes. */
  int sourceBytes() {
    return members.stream().mapToInt(member -> member.spec().contextBytes()).max().orElse(0);
  }

  List<String> ids() {
    return members.stream().map(member -> member.slot().id()).toList();
  }

  /** Those that read one of these zones. */
  List<String> ids(Set<Zone> zones) {
    return members.stream()
        .filter(member -> member.spec().zones().stream().anyMatch(zones::contains))
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
    return members.stream().anyMatch(member -> member.reads(zone));
  }

  /** Whether one of them can be asked by now. */
  boolean anyLoaded() {
    return members.stream()
        .anyMatch(member -> member.slot().state().status() == ModelState.Status.LOADED);
  }

  /** Those that would read one of the segments and cannot. */
  List<String> missing(List<Segment> segments) {
    if (members.isEmpty()) {
      return List.of();
    }
    return members.stream()
        .filter(member -> member.slot().state().status() != ModelState.Status.LOADED)
        .filter(member -> segments.stream().anyMatch(s -> member.reads(s.zone())))
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

  /**
   * Asks those that read the segment's zone.
   *
   * @param sources what it can be grounded in; a cross-encoder is not asked where there are none
   */
  Said ask(SegmentReading reading, Sources sources, InspectionBudget budget) {
    List<Finding> findings = new ArrayList<>();
    Map<String, Long> micros = new LinkedHashMap<>();
    List<String> unfinished = new ArrayList<>();
    List<String> silent = new ArrayList<>();
    boolean loading = false;
    for (Member member : members) {
      ModelSlot<? extends LabelModel> slot = member.slot();
      if (!member.reads(reading.segment().zone())
          || (member.spec().isCrossEncoder() && sources.isEmpty())) {
        continue;
      }
      if (budget.spent()) {
        unfinished.add(slot.id());
        continue;
      }
      loading |= slot.state().status() == ModelState.Status.LOADING;
      long start = System.nanoTime();
      Optional<Boolean> complete =
          slot.ask(model -> Optional.of(model.read(reading, sources, budget, findings::add)));
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
