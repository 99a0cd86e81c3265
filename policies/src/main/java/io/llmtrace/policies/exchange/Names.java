package io.llmtrace.policies.exchange;

import java.util.Locale;
import java.util.Set;

/**
 * Tells what names something (an id, a type, a role) from text that a model might read. Only the
 * value decides: a name has no space in it, so a sentence in an {@code id} is read as what it is.
 */
final class Names {
  /** Longer than any id that we saw, shorter than an attack needs to be without spaces. */
  private static final int LONGEST = 200;

  private static final Set<String> FIELDS =
      Set.of(
          "id",
          "object",
          "model",
          "type",
          "event",
          "event_type",
          "created_at",
          "item_id",
          "response_id",
          "previous_response_id",
          "request_id",
          "tool_call_id",
          "tool_use_id",
          "toolUseId",
          "call_id",
          "encoding_format",
          "finish_reason",
          "finishReason",
          "stop_reason",
          "stopReason",
          "done_reason",
          "system_fingerprint",
          "service_tier",
          "status",
          "phase",
          "detail",
          "effort",
          "tool_choice",
          "truncation",
          "keep_alive",
          "media_type",
          "mimeType",
          "responseId",
          "modelVersion",
          "anthropic_version",
          "latency",
          "safety_mode",
          "input_type",
          "jsonrpc",
          "method",
          "protocolVersion",
          "obfuscation",
          "user",
          "safety_identifier",
          "prompt_cache_key");

  /** Values that a provider made and checks, of any length, and that no model reads. */
  private static final Set<String> SEALED =
      Set.of("signature", "thoughtSignature", "thought_signature", "encrypted_index");

  private static final Set<String> ROLES =
      Set.of("system", "developer", "user", "assistant", "tool", "function", "model", "chatbot");

  private Names() {}

  /** Whether the value of a field names something and is no text. */
  static boolean isName(String field, String value) {
    if (field.equals("role")) {
      return ROLES.contains(value.toLowerCase(Locale.ROOT));
    }
    return (FIELDS.contains(field) && isToken(value)) || (SEALED.contains(field) && isCode(value));
  }

  /** A code of the length of a name. */
  static boolean isToken(String value) {
    return value.length() <= LONGEST && isCode(value);
  }

  /** Visible ASCII without a space: an id, a URL, base64; no text in any script. */
  static boolean isCode(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c <= ' ' || c > '~') {
        return false;
      }
    }
    return true;
  }
}
