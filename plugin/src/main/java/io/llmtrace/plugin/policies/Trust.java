package io.llmtrace.plugin.policies;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The keys that bundles may be signed with: those that were pinned when the node was enrolled, and
 * those that a bundle so signed has named since, so that keys can be changed without touching each
 * node. Not thread-safe.
 */
final class Trust {
  private static final String BEGIN = "-----BEGIN PUBLIC KEY-----";
  private static final String END = "-----END PUBLIC KEY-----";
  private static final int MOST = 16;

  private final Path file;
  private final Set<String> pinned;
  private Set<String> named;

  private Trust(Path file, Set<String> pinned, Set<String> named) {
    this.file = file;
    this.pinned = pinned;
    this.named = named;
  }

  /**
   * Reads the pinned keys, and what was named before.
   *
   * @throws IOException when a file cannot be read, or a pinned one holds no key
   */
  static Trust open(List<Path> publicKeys, Path file) throws IOException {
    Set<String> pinned = new LinkedHashSet<>();
    for (Path each : publicKeys) {
      pinned.add(key(each));
    }
    Set<String> named = new LinkedHashSet<>();
    byte[] before = PrivateFiles.read(file).orElse(new byte[0]);
    for (String line : new String(before, US_ASCII).split("\n", -1)) {
      if (isKey(line)) {
        named.add(line);
      }
    }
    return new Trust(file, pinned, named);
  }

  private static String key(Path path) throws IOException {
    String pem;
    try {
      pem = Files.readString(path, US_ASCII).strip();
    } catch (IOException e) {
      throw new IOException(
          "plugin.policies.public_keys: " + path + " cannot be read: " + e.getMessage(), e);
    }
    String key =
        pem.startsWith(BEGIN) && pem.endsWith(END)
            ? pem.substring(BEGIN.length(), pem.length() - END.length()).replaceAll("\\s", "")
            : "";
    if (!isKey(key)) {
      throw new IOException(
          "plugin.policies.public_keys: "
              + path
              + ": expected an Ed25519 public key in PEM, such as the control plane's"
              + " policy-signing.pub");
    }
    return key;
  }

  private static boolean isKey(String base64) {
    try {
      var unused =
          KeyFactory.getInstance("Ed25519")
              .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(base64)));
      return true;
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return false;
    }
  }

  /** Keys in base64. */
  Set<String> keys() {
    Set<String> all = new LinkedHashSet<>(pinned);
    all.addAll(named);
    return all;
  }

  /** A bundle that was accepted names these; those of earlier bundles are forgotten. */
  void named(List<String> keys) throws IOException {
    List<String> good = new ArrayList<>();
    keys.stream().filter(Trust::isKey).limit(MOST).forEach(good::add);
    Set<String> now = new LinkedHashSet<>(good);
    if (!now.equals(named)) {
      // In memory first: a disk that is full must not keep the next key out.
      named = now;
      PrivateFiles.write(file, String.join("\n", now) + "\n");
    }
  }
}
