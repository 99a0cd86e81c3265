package io.llmtrace.controlplane.alerts.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.json.WireJson;

/** Notices as they are kept: JSON with times as text. Stateless. */
final class NoticeJson {
  private static final ObjectMapper MAPPER =
      WireJson.mapper()
          .copy()
          .registerModule(new JavaTimeModule())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS);

  private NoticeJson() {}

  static String write(Notice notice) {
    try {
      return StorableJson.of(MAPPER.writeValueAsString(notice));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a notice is a record of plain values", e);
    }
  }

  /**
   * Reads what was kept.
   *
   * @throws JsonProcessingException for what a newer version kept that this one cannot read
   */
  static Notice read(String json) throws JsonProcessingException {
    return MAPPER.readValue(json, Notice.class);
  }
}
