package io.llmtrace.controlplane.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyringTest {
  private static final byte[] CONTEXT = {1, 2};

  @TempDir Path folder;

  @Test
  void itIsMadeOnceAndForItsOwnerAlone() throws Exception {
    Path file = folder.resolve("new/content.keys");
    Keyring made = Keyring.open(file);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(made.keys()).hasSize(1);
    KeyEncryption.Wrapped wrapped = made.wrap(new byte[32], CONTEXT);
    assertThat(Keyring.open(file).unwrap(wrapped, CONTEXT)).isEqualTo(new byte[32]);
  }

  @Test
  void aFileThatOthersMayReadIsRefused() throws Exception {
    Path file = folder.resolve("content.keys");
    Keyring unused = Keyring.open(file);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));

    assertThatThrownBy(() -> Keyring.open(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("chmod 600 " + file);
  }

  @Test
  void whatIsNoKeyringIsRefusedWithoutItsText() throws Exception {
    for (String text :
        new String[] {
          "",
          "c2VjcmV0LXNlY3JldC1zZWNyZXQ=",
          "{}",
          "null",
          "{\"active\":\"a\",\"keys\":[]}",
          "{\"active\":\"a\",\"keys\":[{\"id\":\"a\",\"created_at\":\"\",\"key\":\"c2hvcnQ=\"}]}",
          "{\"active\":\"a\",\"keys\":[{\"id\":\"a\",\"created_at\":\"\"}]}",
          "{\"active\":\"a\",\"keys\":[{\"id\":\"a\",\"created_at\":\"\",\"key\":\"%%\"}]}"
        }) {
      Path file = folder.resolve("bad-" + text.hashCode());
      Files.writeString(file, text);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      assertThatThrownBy(() -> Keyring.open(file))
          .as(text)
          .isInstanceOf(IOException.class)
          .hasMessageContaining(file.toString())
          .hasMessageNotContaining("c2");
    }
  }

  @Test
  void replicasThatShareTheFileSeeARotationAtOnce() throws Exception {
    Path file = folder.resolve("content.keys");
    Keyring here = Keyring.open(file);
    Keyring there = Keyring.open(file);
    String old = here.activeKeyId();

    String fresh = here.rotate().id();

    assertThat(there.activeKeyId()).isEqualTo(fresh);
    assertThat(there.unwrap(here.wrap(new byte[32], CONTEXT), CONTEXT)).hasSize(32);
    there.retire(old);
    assertThat(here.keys()).extracting(Keyring.Key::id).containsExactly(fresh);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void theActiveKeyAndAnUnknownOneAreNotRetired() throws Exception {
    Keyring keys = Keyring.open(folder.resolve("content.keys"));
    assertThatThrownBy(() -> keys.retire(keys.activeKeyId()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> keys.retire("none")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aFileThatWentBadLaterDoesNotTakeTheKeysAway() throws Exception {
    Path file = folder.resolve("content.keys");
    Keyring keys = Keyring.open(file);
    KeyEncryption.Wrapped wrapped = keys.wrap(new byte[32], CONTEXT);
    Files.writeString(file, "gone");

    assertThat(keys.unwrap(wrapped, CONTEXT)).hasSize(32);
    // Another replica may have retired the key by now.
    assertThatThrownBy(() -> keys.wrap(new byte[32], CONTEXT))
        .isInstanceOf(UndecryptableException.class)
        .hasMessageContaining("cannot be read");
    assertThatThrownBy(keys::rotate).isInstanceOf(IOException.class);
  }
}
