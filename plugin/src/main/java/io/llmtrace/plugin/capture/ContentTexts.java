package io.llmtrace.plugin.capture;

import static io.llmtrace.policies.redact.TextRedaction.bytes;

import io.llmtrace.plugin.conf.CaptureConf;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.redact.TextRedaction;
import io.llmtrace.policies.redact.TextRedaction.Outcome;
import io.llmtrace.policies.redact.TextRedaction.Why;
import io.llmtrace.policies.wire.CaptureMode;
import io.llmtrace.policies.wire.ContentText;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Makes the texts that are kept of segments: chosen, redacted, cut. Thread-safe. */
final class ContentTexts {
  /** Texts of a part; a body may have a million. */
  static final int MOST_TEXTS = 1_000;

  /** A redaction reads some 10 MB a second; nobody waits for it. */
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final String MAX_BYTES = "max_bytes";
  private static final Pattern PLAIN_POINTER =
      Pattern.compile("(?:/(?:[0-9]{1,6}|[A-Za-z][A-Za-z_]{0,30}))*+");
  private static final Pattern PLAIN_ROLE = Pattern.compile("[A-Za-z_]{0,30}");
  private static final int LONGEST_POINTER = 1_000;

  private final TextRedaction.Reader reader;
  private final TextRedaction redaction;
  private final Set<String> ownModels;

  /**
   * @param ownModels models that somebody brought: what they find of leaks is replaced, and where
   *     one has not read nothing is known
   */
  ContentTexts(TextRedaction.Reader reader, Set<String> ownModels) {
    this.reader = reader;
    this.redaction = new TextRedaction(reader);
    this.ownModels = Set.copyOf(ownModels);
  }

  static ContentTexts of(DetectionEngine engine) {
    return new ContentTexts(engine::leaks, engine.ownModels());
  }

  /**
   * What is kept.
   *
   * @param leftOut why texts are missing as a whole, or empty
   */
  record Made(List<ContentText> texts, String leftOut, long leftOutBytes) {}

  /** Texts of segments; of too many the last, which are the newest. */
  Made of(List<Segment> segments, SeenElsewhere seen, CaptureConf conf) {
    long room = conf.maxBytes();
    long missing = 0;
    String why = "";
    Deque<Segment> chosen = new ArrayDeque<>();
    for (int i = segments.size() - 1; i >= 0; i--) {
      Segment segment = segments.get(i);
      long bytes = bytes(segment.text());
      if (room <= 0 || chosen.size() == MOST_TEXTS) {
        missing += bytes;
        why = room <= 0 ? MAX_BYTES : "too_many";
      } else {
        chosen.addFirst(segment);
        room -= bytes;
      }
    }
    List<Segment> kept = List.copyOf(chosen);
    List<ContentText> texts =
        conf.mode() == CaptureMode.FULL
            ? asTheyAre(kept)
            : redacted(kept, seen, InspectionBudget.until(System.nanoTime() + MOST_NANOS));
    return new Made(cut(texts, kept, conf.maxBytes()), why, missing);
  }

  private static List<ContentText> asTheyAre(List<Segment> segments) {
    return segments.stream()
        .map(s -> new ContentText(s.zone(), s.role(), pointer(s), s.text(), "", 0))
        .toList();
  }

  private List<ContentText> redacted(
      List<Segment> segments, SeenElsewhere seen, InspectionBudget budget) {
    List<Finding> others =
        seen.findings().stream()
            .filter(finding -> finding.type().isSensitiveData())
            .filter(finding -> ownModels.contains(finding.detector()))
            .toList();
    boolean unread =
        !ownModels.isEmpty()
            && (!seen.begun()
                || seen.missingStages().stream().anyMatch(ownModels::contains)
                || seen.findings().stream().anyMatch(Finding::standsForMore));
    List<Outcome> outcomes =
        unread
            ? segments.stream().<Outcome>map(s -> new Outcome.Withheld(Why.UNREAD)).toList()
            : redaction.redact(segments, others, budget);
    List<ContentText> texts = new ArrayList<>();
    for (int i = 0; i < segments.size(); i++) {
      Segment segment = segments.get(i);
      String role = PLAIN_ROLE.matcher(segment.role()).matches() ? segment.role() : "";
      String pointer = isPlain(segment, budget) ? pointer(segment) : "";
      texts.add(
          outcomes.get(i) instanceof Outcome.Kept kept
              ? new ContentText(segment.zone(), role, pointer, kept.text(), "", 0)
              : new ContentText(
                  segment.zone(),
                  role,
                  pointer,
                  "",
                  label(((Outcome.Withheld) outcomes.get(i)).why()),
                  bytes(segment.text())));
    }
    return texts;
  }

  /** Whether a pointer names nobody: its steps may be names of fields that a client made up. */
  private boolean isPlain(Segment segment, InspectionBudget budget) {
    String pointer = segment.pointer();
    if (PLAIN_POINTER.matcher(pointer).matches()) {
      return true;
    }
    Optional<List<Finding>> leaks =
        pointer.length() > LONGEST_POINTER
            ? Optional.empty()
            : reader.leaks(
                new Segment(Zone.METADATA, "", "", pointer.replace("~1", "/").replace("~0", "~")),
                budget);
    return leaks.isPresent() && leaks.get().isEmpty();
  }

  private static String pointer(Segment segment) {
    return segment.pointer().length() > LONGEST_POINTER ? "" : segment.pointer();
  }

  private static String label(Why why) {
    return switch (why) {
      case UNREAD -> "unread";
      case NOT_REDACTABLE -> "not_redactable";
    };
  }

  /** The newest texts first have room; after redaction, so that no secret is cut in half. */
  private static List<ContentText> cut(
      List<ContentText> texts, List<Segment> originals, long maxBytes) {
    long room = maxBytes;
    Deque<ContentText> cut = new ArrayDeque<>();
    for (int i = texts.size() - 1; i >= 0; i--) {
      ContentText text = texts.get(i);
      long bytes = bytes(text.text());
      if (bytes > room) {
        String begin = begin(text.text(), room);
        long original = bytes(originals.get(i).text());
        text =
            new ContentText(
                text.zone(),
                text.role(),
                text.pointer(),
                begin,
                MAX_BYTES,
                Math.max(1, Math.min(original, bytes - bytes(begin))));
        bytes = bytes(begin);
      }
      room -= bytes;
      cut.addFirst(text);
    }
    return List.copyOf(cut);
  }

  /** As many whole code points as fit. */
  private static String begin(String text, long mostBytes) {
    long bytes = 0;
    int at = 0;
    while (at < text.length()) {
      int c = text.codePointAt(at);
      bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
      if (bytes > mostBytes) {
        break;
      }
      at += Character.charCount(c);
    }
    return text.substring(0, at);
  }
}
