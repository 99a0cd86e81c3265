package io.llmtrace.controlplane.signing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SigningKeyTest {
  /** RFC 8032, 7.1, test 2: its secret key as PKCS#8, and its public key. */
  private static final String RFC_KEY =
      """
      -----BEGIN PRIVATE KEY-----
      MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7
      -----END PRIVATE KEY-----
      """;

  private static final String RFC_PUBLIC =
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

  @TempDir Path directory;

  @Test
  void signsAsTheStandardSays() throws Exception {
    SigningKey key = SigningKey.parse(RFC_KEY);
    assertThat(HexFormat.of().formatHex(key.sign(new byte[] {0x72})))
        .isEqualTo(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    byte[] der =
        java.util.Base64.getMimeDecoder()
            .decode(key.publicPem().replaceAll("-----[A-Z ]+-----", ""));
    assertThat(HexFormat.of().formatHex(der)).endsWith(RFC_PUBLIC);
  }

  @Test
  void isMadeOnceAndForItsOwnerOnly() throws Exception {
    SigningKey made = SigningKey.load(null, directory);
    SigningKey again = SigningKey.load(null, directory);
    byte[] message = "text".getBytes(UTF_8);
    assertThat(again.id()).isEqualTo(made.id());
    assertThat(again.verifies(message, made.sign(message))).isTrue();
    assertThat(again.verifies("other".getBytes(UTF_8), made.sign(message))).isFalse();
    assertThat(again.verifies(message, new byte[64])).isFalse();
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(directory.resolve(SigningKey.FILE))))
        .isEqualTo("rw-------");
    assertThat(made.toString()).isEqualTo("Ed25519 key " + made.id());
  }

  @Test
  void theConfiguredKeyIsTakenAndNoFileIsMade() throws Exception {
    SigningKey key = SigningKey.load(Secret.of(RFC_KEY), directory);
    assertThat(key.id()).isEqualTo(SigningKey.parse(RFC_KEY).id());
    assertThat(directory.resolve(SigningKey.FILE)).doesNotExist();
  }

  @Test
  void whatIsNoKeyIsRefusedWithoutQuotingIt() throws Exception {
    for (String wrong :
        new String[] {"hunter2", RFC_KEY.replace("MC4C", "MC4D"), RFC_KEY.substring(9)}) {
      assertThatThrownBy(() -> SigningKey.load(Secret.of(wrong), directory))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("control_plane.signing_key: expected an Ed25519 key")
          .hasMessageNotContaining("hunter2")
          .hasNoCause();
    }
    Files.writeString(directory.resolve(SigningKey.FILE), "broken");
    assertThatThrownBy(() -> SigningKey.load(null, directory))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected an Ed25519 key");
  }
}
