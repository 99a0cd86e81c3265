package io.llmtrace.controlplane.bundles;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.llmtrace.controlplane.signing.SigningKey;
import io.llmtrace.policies.bundle.Bundle;
import io.llmtrace.policies.bundle.SignedBundle;
import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys of bundles: the first one signs, and every bundle names the public halves of all, so
 * that instances know the next key before it signs. Immutable and thread-safe.
 */
public final class BundleKeyring {
  /** In the data directory, where no keys are configured. */
  static final String FILE = "policy-signing.key";

  /** The public half, for whoever pins it. */
  static final String PUBLIC_FILE = "policy-signing.pub";

  private final List<SigningKey> keys;
  private final List<String> publicKeys;

  private BundleKeyring(List<SigningKey> keys) {
    this.keys = List.copyOf(keys);
    // In one order, whichever signs: replicas with the same keys have the same ring.
    this.publicKeys = keys.stream().map(SigningKey::publicBase64).sorted().toList();
  }

  /**
   * The configured keys, else the one of the data directory, which is made where there is none.
   *
   * @throws IllegalArgumentException when a configured key is none
   * @throws IOException when a file cannot be read or written, or holds no key
   */
  public static BundleKeyring load(List<Secret> configured, Path dataDirectory) throws IOException {
    if (configured.isEmpty()) {
      SigningKey made = SigningKey.ofFile(dataDirectory.resolve(FILE));
      Files.write(dataDirectory.resolve(PUBLIC_FILE), made.publicPem().getBytes(US_ASCII));
      return new BundleKeyring(List.of(made));
    }
    List<SigningKey> keys = new ArrayList<>();
    for (int i = 0; i < configured.size(); i++) {
      keys.add(SigningKey.of(configured.get(i), "control_plane.policies.signing_keys[" + i + "]"));
    }
    return new BundleKeyring(keys);
  }

  /** All keys, the one that signs first. */
  List<SigningKey> keys() {
    return keys;
  }

  /** All public keys (SubjectPublicKeyInfo, base64). */
  List<String> publicKeys() {
    return publicKeys;
  }

  /** The same for the same keys. */
  String id() {
    return String.join(",", publicKeys);
  }

  byte[] seal(Bundle bundle) {
    return SignedBundle.seal(bundle, keys.get(0)::sign);
  }
}
