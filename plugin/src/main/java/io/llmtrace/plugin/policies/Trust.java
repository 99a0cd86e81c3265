package io.llmtrace.plugin.policies;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys that bundles may be signed with: those that were pinned when the node was enrolled, and
 * those that a bundle so signed has named since, so that keys can be changed without touching each
 * node. Who pins others takes back all that was named under the old ones. Not thread-safe.
 */
final class Trust {
  private static final Logger log = LoggerFactory.getLogger(Trust.class);
  private static final String BEGIN = "-----BEGIN PUBLIC KEY-----";
  private static final String END = "-----END PUBLIC KEY-----";
  private static final int MOST = 16;

  /** Begins the line that says under which pinned keys the others were named. */
  private static final String UNDER = "# named under ";

  private final Path file;
  private final Set<String> pinned;
  private Set<String> named;

  /** Whether the file says under which keys these were named; those of before did not. */
  private boolean attributed;

  private Trust(Path file, Set<String> pinned, Set<String> named, boolean attributed) {
    this.file = file;
    this.pinned = pinned;
    this.named = named;
    this.attributed = attributed;
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
    boolean attributed = false;
    byte[] before = PrivateFiles.read(file).orElse(new byte[0]);
    for (String line : new String(before, US_ASCII).split("\n", -1)) {
      if (line.startsWith(UNDER) && !line.equals(under(pinned))) {
        log.info("Other keys are pinned than those under which {} was written: it is void", file);
        return new Trust(file, pinned, new LinkedHashSet<>(), true);
      }
      attributed |= line.startsWith(UNDER);
      if (isKey(line)) {
        named.add(line);
      }
    }
    return new Trust(file, pinned, named, attributed);
  }

  private static String under(Set<String> pinned) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      pinned.stream().sorted().forEach(key -> digest.update((key + "\n").getBytes(US_ASCII)));
      return UNDER + HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
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
    if (!now.equals(named) || !attributed) {
      // In memory first: a disk that is full must not keep the next key out.
      named = now;
      PrivateFiles.write(file, under(pinned) + "\n" + String.join("\n", now) + "\n");
      attributed = true;
    }
  }
}
