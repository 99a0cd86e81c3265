package io.llmtrace.controlplane.content;

import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.wire.CaptureMode;
import io.llmtrace.policies.wire.ContentBatch;
import io.llmtrace.policies.wire.ContentRecord;
import io.llmtrace.policies.wire.ContentText;
import org.jspecify.annotations.Nullable;

/** What content from the network must hold before it is used: JSON has no types that say it. */
final class ContentRules {
  static final int MOST_RECORDS = 1_000;
  private static final int MOST_TEXTS = 2_000;
  private static final int LONGEST_NAME = 8_192;
  private static final int LONGEST_WORD = 200;

  private ContentRules() {}

  /** What is wrong with a batch, or null; never with a word of its texts. */
  static @Nullable String problem(ContentBatch batch) {
    if (batch.schema() < 1 || batch.schema() > ContentBatch.SCHEMA) {
      return "schema: expected " + ContentBatch.SCHEMA + ", was " + batch.schema();
    }
    if (!isName(batch.node(), LONGEST_WORD) || batch.node().isBlank()) {
      return "node: expected a name of 1 to " + LONGEST_WORD + " characters";
    }
    if (batch.records().size() > MOST_RECORDS) {
      return "records: expected at most " + MOST_RECORDS;
    }
    for (int i = 0; i < batch.records().size(); i++) {
      String problem = problem(batch.records().get(i));
      if (problem != null) {
        return "records[" + i + "]." + problem;
      }
    }
    return null;
  }

  private static @Nullable String problem(ContentRecord record) {
    if (record.decisionId() == null || !Ulid.isValid(record.decisionId())) {
      return "decision_id: expected a ULID";
    }
    if (record.part() == null) {
      return "part: expected request or answer";
    }
    if (record.mode() == null || record.mode() == CaptureMode.NONE) {
      return "mode: expected redacted or full";
    }
    if (!isName(record.tenant(), LONGEST_NAME) || record.tenant().isEmpty()) {
      return "tenant: expected a name";
    }
    if (!isName(record.route(), LONGEST_NAME)
        || !isName(record.consumer(), LONGEST_NAME)
        || !isName(record.agent(), LONGEST_NAME)) {
      return "route, consumer, agent: expected texts of at most " + LONGEST_NAME + " characters";
    }
    if (!isName(record.leftOut(), LONGEST_WORD) || record.leftOutBytes() < 0 || record.at() < 0) {
      return "at, left_out, left_out_bytes: expected numbers from 0 and a reason";
    }
    if (record.texts().size() > MOST_TEXTS) {
      return "texts: expected at most " + MOST_TEXTS;
    }
    for (int i = 0; i < record.texts().size(); i++) {
      if (!isGood(record.texts().get(i))) {
        return "texts[" + i + "]: expected zone, role, pointer, text, left_out and left_out_bytes";
      }
    }
    return null;
  }

  private static boolean isGood(ContentText text) {
    return text.zone() != null
        && isName(text.role(), LONGEST_NAME)
        && isName(text.pointer(), LONGEST_NAME)
        && text.text() != null
        && isName(text.leftOut(), LONGEST_WORD)
        && text.leftOutBytes() >= 0;
  }

  private static boolean isName(@Nullable String text, int longest) {
    return text != null && text.length() <= longest;
  }
}
