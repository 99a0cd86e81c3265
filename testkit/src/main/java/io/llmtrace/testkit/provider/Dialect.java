package io.llmtrace.testkit.provider;

import java.util.List;
import java.util.Map;

/** The shapes of one provider's API. */
interface Dialect {
  /** A whole answer. */
  Map<String, Object> answer(String model, Reply reply);

  /** An error's body. */
  Map<String, Object> error(int status, String message);

  /**
   * The events of a streamed answer in their order.
   *
   * @param usage whether token counts are in it
   */
  List<Event> stream(String model, Reply reply, Usage usage);

  /** Where a stream has its token counts. */
  enum Usage {
    NONE,
    WITH_FINISH,
    AT_THE_END
  }

  /**
   * One event.
   *
   * @param name for the event line; empty for none
   * @param data a value to be written as JSON, or a text that stands for itself
   * @param token whether it carries a token, before which the model thinks
   */
  record Event(String name, Object data, boolean token) {
    static Event of(String name, Object data) {
      return new Event(name, data, false);
    }

    static Event token(String name, Object data) {
      return new Event(name, data, true);
    }
  }
}
