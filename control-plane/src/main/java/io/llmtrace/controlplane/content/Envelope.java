package io.llmtrace.controlplane.content;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.ContentPart;
import io.llmtrace.policies.wire.ContentRecord;
import java.io.IOException;
import java.util.List;

/**
 * A record as it is stored: encrypted under a key of its own, which is wrapped. Both are bound to
 * tenant, exchange and part, the wrapped key to the wrapping one as well, so that a row that was
 * moved to another place of the table does not decrypt there.
 *
 * @param key the row's key, wrapped
 */
@SuppressWarnings("ArrayRecordComponent")
record Envelope(KeyEncryption.Wrapped key, byte[] nonce, byte[] body) {
  private static final String FORMAT = "llmtrace-content/1";

  /** Where an envelope lies. */
  record Place(String tenant, String decisionId, ContentPart part) {
    byte[] context() {
      return AesGcm.fields(List.of(FORMAT, tenant, decisionId, part.label()));
    }
  }

  static Envelope seal(KeyEncryption keys, ContentRecord content) throws UndecryptableException {
    byte[] plain;
    try {
      plain = WireJson.mapper().writeValueAsBytes(content);
    } catch (JsonProcessingException e) {
      // Without its cause, which may quote the text.
      throw new IllegalArgumentException("content has no JSON form");
    }
    byte[] context = new Place(content.tenant(), content.decisionId(), content.part()).context();
    byte[] dek = AesGcm.random(AesGcm.KEY_BYTES);
    byte[] nonce = AesGcm.random(AesGcm.NONCE_BYTES);
    return new Envelope(keys.wrap(dek, context), nonce, AesGcm.encrypt(dek, nonce, context, plain));
  }

  /**
   * The record.
   *
   * @throws UndecryptableException when it was changed, lies elsewhere, or its key is not there
   */
  ContentRecord open(KeyEncryption keys, Place place) throws UndecryptableException {
    byte[] context = place.context();
    byte[] plain = AesGcm.decrypt(keys.unwrap(key, context), nonce, context, body);
    try {
      return WireJson.mapper().readValue(plain, ContentRecord.class);
    } catch (IOException e) {
      throw new UndecryptableException("what was encrypted is no record of this version");
    }
  }

  /** The same record with its key wrapped under the active one; the record itself stays. */
  KeyEncryption.Wrapped rewrapped(KeyEncryption keys, Place place) throws UndecryptableException {
    byte[] context = place.context();
    return keys.wrap(keys.unwrap(key, context), context);
  }
}
