package io.llmtrace.controlplane.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.content.Envelope.Place;
import io.llmtrace.policies.wire.ContentPart;
import io.llmtrace.policies.wire.ContentRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnvelopeTest {
  private static final String ID = Contents.id(0);
  private static final ContentRecord CONTENT = Contents.request(ID, "acme");
  private static final Place PLACE = new Place("acme", ID, ContentPart.REQUEST);

  @TempDir Path folder;
  private Keyring keys;
  private Envelope sealed;

  @BeforeEach
  void seal() throws Exception {
    keys = Keyring.open(folder.resolve("content.keys"));
    sealed = Envelope.seal(keys, CONTENT);
  }

  @Test
  void itOpensWhereItBelongsAndShowsNothingBefore() throws Exception {
    assertThat(sealed.open(keys, PLACE)).isEqualTo(CONTENT);
    for (byte[] stored : List.of(sealed.body(), sealed.key().bytes(), sealed.nonce())) {
      assertThat(new String(stored, StandardCharsets.ISO_8859_1)).doesNotContain(Contents.MARKER);
    }
  }

  @Test
  void theSameContentNeverLooksTheSame() throws Exception {
    Envelope again = Envelope.seal(keys, CONTENT);
    assertThat(again.body()).isNotEqualTo(sealed.body());
    assertThat(again.key().bytes()).isNotEqualTo(sealed.key().bytes());
    assertThat(again.nonce()).isNotEqualTo(sealed.nonce());
  }

  @Test
  void aBitThatChangedAnywhereIsNoticed() {
    for (int bit = 0; bit < sealed.body().length * 8; bit += 5) {
      Envelope changed = new Envelope(sealed.key(), sealed.nonce(), flipped(sealed.body(), bit));
      refused(() -> changed.open(keys, PLACE));
    }
    for (int bit = 0; bit < sealed.nonce().length * 8; bit++) {
      Envelope changed = new Envelope(sealed.key(), flipped(sealed.nonce(), bit), sealed.body());
      refused(() -> changed.open(keys, PLACE));
    }
    byte[] wrapped = sealed.key().bytes();
    for (int bit = 0; bit < wrapped.length * 8; bit++) {
      KeyEncryption.Wrapped key =
          new KeyEncryption.Wrapped(sealed.key().keyId(), flipped(wrapped, bit));
      refused(() -> new Envelope(key, sealed.nonce(), sealed.body()).open(keys, PLACE));
    }
  }

  @Test
  void whatWasCutIsNoticed() {
    refused(() -> new Envelope(sealed.key(), sealed.nonce(), new byte[3]).open(keys, PLACE));
    refused(() -> new Envelope(sealed.key(), new byte[0], sealed.body()).open(keys, PLACE));
    KeyEncryption.Wrapped cut = new KeyEncryption.Wrapped(sealed.key().keyId(), new byte[12]);
    refused(() -> new Envelope(cut, sealed.nonce(), sealed.body()).open(keys, PLACE));
  }

  @Test
  void aRowThatWasMovedDoesNotOpen() {
    for (Place other :
        List.of(
            new Place("zebra", ID, ContentPart.REQUEST),
            new Place("acme", Contents.id(0), ContentPart.REQUEST),
            new Place("acme", ID, ContentPart.ANSWER),
            // No two lists of fields are alike, wherever they are cut.
            new Place("acm", "e" + ID, ContentPart.REQUEST))) {
      refused(() -> sealed.open(keys, other));
    }
  }

  @Test
  void aKeyOfAnotherRowDoesNotOpenIt() throws Exception {
    Envelope other = Envelope.seal(keys, Contents.request(Contents.id(0), "acme"));
    refused(() -> new Envelope(other.key(), sealed.nonce(), sealed.body()).open(keys, PLACE));
  }

  @Test
  void anotherKeyringDoesNotOpenItAndAnIdIsBound() throws Exception {
    Keyring others = Keyring.open(folder.resolve("other.keys"));
    assertThatThrownBy(() -> sealed.open(others, PLACE))
        .isInstanceOf(UndecryptableException.class)
        .hasMessage("key " + keys.activeKeyId() + " is not in the keyring");

    String before = keys.activeKeyId();
    keys.rotate();
    KeyEncryption.Wrapped lying =
        new KeyEncryption.Wrapped(keys.activeKeyId(), sealed.key().bytes());
    refused(() -> new Envelope(lying, sealed.nonce(), sealed.body()).open(keys, PLACE));
    assertThat(before).isNotEqualTo(keys.activeKeyId());
  }

  @Test
  void aRotationLeavesTheContentAndARetiredKeyOpensNothing() throws Exception {
    String old = keys.activeKeyId();
    String fresh = keys.rotate().id();
    assertThat(sealed.open(keys, PLACE)).isEqualTo(CONTENT);

    Envelope moved = new Envelope(sealed.rewrapped(keys, PLACE), sealed.nonce(), sealed.body());
    assertThat(moved.key().keyId()).isEqualTo(fresh);
    keys.retire(old);

    assertThat(moved.open(keys, PLACE)).isEqualTo(CONTENT);
    assertThatThrownBy(() -> sealed.open(keys, PLACE))
        .isInstanceOf(UndecryptableException.class)
        .hasMessageContaining(old);
  }

  @Test
  void nothingOfItIsShownByAccident() throws IOException {
    assertThat(CONTENT.toString() + CONTENT.texts() + sealed + keys)
        .doesNotContain(Contents.MARKER)
        .doesNotContain("alice");
  }

  private static void refused(ThrowingCallable open) {
    assertThatThrownBy(open)
        .isInstanceOf(UndecryptableException.class)
        .hasMessageNotContaining(Contents.MARKER);
  }

  private static byte[] flipped(byte[] bytes, int bit) {
    byte[] flipped = bytes.clone();
    flipped[bit / 8] ^= (byte) (1 << (bit % 8));
    return flipped;
  }
}
