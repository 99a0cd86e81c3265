package io.llmtrace.policies.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.policies.evaluate.PolicyStack;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;
import java.util.List;

/**
 * Bundles on any bytes: what is not signed is refused before it is parsed, and what is signed by a
 * control plane gone wrong ends in a bundle that can be run or in a refusal. Fuzzed with {@code
 * .ci/fuzz}.
 */
class BundleFuzzTest {
  private static final KeyPair KEYS = keys();
  private static final List<String> TRUSTED =
      List.of(Base64.getEncoder().encodeToString(KEYS.getPublic().getEncoded()));

  @FuzzTest(maxDuration = "10m")
  void nothing_unsigned_is_opened(byte[] sealed) {
    assertThatThrownBy(() -> SignedBundle.open(sealed, TRUSTED))
        .isInstanceOf(RefusedBundleException.class);
  }

  @FuzzTest(maxDuration = "10m")
  void what_is_signed_is_a_bundle_or_refused(byte[] json) throws GeneralSecurityException {
    try {
      Bundle bundle = SignedBundle.open(sealed(json), TRUSTED);
      // Those that a node would go on to compile.
      for (Bundle.Entry entry : bundle.content().policies()) {
        PolicyStack.of(List.of(entry.policy())).prepare();
      }
      assertThat(SignedBundle.digest(bundle.content())).hasSize(64);
    } catch (RefusedBundleException e) {
      assertThat(e.reason()).isIn("format", "size", "signature", "content");
    }
  }

  private static byte[] sealed(byte[] json) throws GeneralSecurityException {
    byte[] magic = "LLMTRACE-BUNDLE-1\n".getBytes(StandardCharsets.US_ASCII);
    Signature signature = Signature.getInstance("Ed25519");
    signature.initSign(KEYS.getPrivate());
    signature.update(magic);
    signature.update(json);
    ByteArrayOutputStream sealed = new ByteArrayOutputStream();
    sealed.writeBytes(magic);
    sealed.writeBytes(signature.sign());
    sealed.writeBytes(json);
    return sealed.toByteArray();
  }

  private static KeyPair keys() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has Ed25519", e);
    }
  }
}
