package io.llmtrace.cli.doctor;

import io.llmtrace.policies.bundle.Bundle;
import io.llmtrace.policies.bundle.SignedBundle;
import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;
import java.util.List;

/** Bundles as a control plane signs them. */
final class Bundles {
  static final KeyPair KEYS = fresh();
  static final KeyPair OTHER = fresh();

  private Bundles() {}

  /** Leaves a bundle on a node's disk, signed with {@link #KEYS}. */
  static void write(Path data, String node, Instant notAfter) throws IOException {
    Bundle bundle =
        new Bundle(
            7,
            node,
            Instant.now().toEpochMilli(),
            notAfter.toEpochMilli(),
            List.of(Base64.getEncoder().encodeToString(KEYS.getPublic().getEncoded())),
            Bundle.Content.EMPTY);
    PrivateFiles.write(data.resolve("policies.bundle"), SignedBundle.seal(bundle, Bundles::sign));
    PrivateFiles.write(data.resolve("policies.revision"), "7");
  }

  private static byte[] sign(byte[] message) {
    try {
      Signature signature = Signature.getInstance("Ed25519");
      signature.initSign(KEYS.getPrivate());
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair fresh() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
