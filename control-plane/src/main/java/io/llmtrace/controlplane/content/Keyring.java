package io.llmtrace.controlplane.content;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys in a file of mode 0600: several by id, one of them active. Replicas may share the file: it
 * is read again whenever it was changed. Thread-safe.
 */
public final class Keyring implements KeyEncryption {
  private static final Logger log = LoggerFactory.getLogger(Keyring.class);

  /** In the data directory, where none is configured. */
  static final String FILE = "content.keys";

  private static final String WRAP = "llmtrace-content-key/1";
  private static final int ID_BYTES = 8;
  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.complementOf(
          EnumSet.of(
              PosixFilePermission.OWNER_READ,
              PosixFilePermission.OWNER_WRITE,
              PosixFilePermission.OWNER_EXECUTE));

  /** As the file has it. */
  private record Stored(String active, List<StoredKey> keys) {
    Stored {
      keys = List.copyOf(keys);
    }

    Optional<StoredKey> find(String id) {
      return keys.stream().filter(key -> key.id().equals(id)).findFirst();
    }
  }

  private record StoredKey(String id, String createdAt, String key) {
    byte[] bytes() {
      return Base64.getDecoder().decode(key);
    }

    @Override
    public String toString() {
      return "key " + id;
    }
  }

  /**
   * A key, without its secret.
   *
   * @param createdAt RFC 3339
   * @param active whether it wraps what comes from now on
   */
  public record Key(String id, String createdAt, boolean active) {}

  private record Version(FileTime changed, long bytes, Object file) {}

  private final Path file;
  private Stored stored;
  private Version version;

  private Keyring(Path file, Stored stored, Version version) {
    this.file = file;
    this.stored = stored;
    this.version = version;
  }

  /**
   * Opens a keyring; one with a fresh key is made where there is no file.
   *
   * @throws IOException when the file cannot be read or made, others may read it, or it is no
   *     keyring
   */
  public static Keyring open(Path file) throws IOException {
    StoredKey fresh = fresh();
    byte[] unused = PrivateFiles.createOrRead(file, json(new Stored(fresh.id(), List.of(fresh))));
    Version version = versionOf(file);
    return new Keyring(file, read(file), version);
  }

  private static Version versionOf(Path file) throws IOException {
    var attributes = Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class);
    Object key = attributes.fileKey();
    return new Version(attributes.lastModifiedTime(), attributes.size(), key == null ? file : key);
  }

  private static Stored read(Path file) throws IOException {
    Set<PosixFilePermission> loose = new HashSet<>(Files.getPosixFilePermissions(file));
    loose.retainAll(OTHERS);
    if (!loose.isEmpty()) {
      throw new IOException(
          file + ": others than its owner may use it; expected mode 0600 (chmod 600 " + file + ")");
    }
    try {
      Stored read = WireJson.mapper().readValue(Files.readAllBytes(file), Stored.class);
      boolean good =
          read != null
              && read.active() != null
              && read.find(read.active()).isPresent()
              && read.keys().stream()
                  .allMatch(key -> key.id() != null && key.bytes().length == AesGcm.KEY_BYTES)
              && read.keys().stream().map(StoredKey::id).distinct().count() == read.keys().size();
      if (good) {
        return read;
      }
    } catch (JsonProcessingException | IllegalArgumentException | NullPointerException e) {
      // Without its cause, which may quote a key.
      throw new IOException(file + ": expected a keyring as this program writes it");
    }
    throw new IOException(
        file + ": expected different keys of " + AesGcm.KEY_BYTES + " bytes, one of them active");
  }

  private static StoredKey fresh() {
    return new StoredKey(
        HexFormat.of().formatHex(AesGcm.random(ID_BYTES)),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        Base64.getEncoder().encodeToString(AesGcm.random(AesGcm.KEY_BYTES)));
  }

  private static byte[] json(Stored keys) {
    try {
      return WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(keys);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a keyring is texts");
    }
  }

  /** What unwraps: another replica may have changed the file, and what was read stays else. */
  private synchronized Stored current() {
    try {
      return latest();
    } catch (IOException e) {
      log.warn(
          "the keyring cannot be read again; what was read before is used: {}", e.getMessage());
      return stored;
    }
  }

  /** What wraps, and is changed: under a key that somebody has retired nothing may be wrapped. */
  private synchronized Stored latest() throws IOException {
    Version now = versionOf(file);
    if (!now.equals(version)) {
      stored = read(file);
      version = now;
    }
    return stored;
  }

  /** All keys, the oldest first. */
  public List<Key> keys() {
    Stored now = current();
    return now.keys().stream()
        .map(key -> new Key(key.id(), key.createdAt(), key.id().equals(now.active())))
        .toList();
  }

  /**
   * Makes a new key and has it wrap what comes from now on; the others go on unwrapping.
   *
   * @throws IOException when the file cannot be written
   */
  public synchronized Key rotate() throws IOException {
    Stored now = latest();
    StoredKey fresh = fresh();
    List<StoredKey> keys = new ArrayList<>(now.keys());
    keys.add(fresh);
    write(new Stored(fresh.id(), keys));
    return new Key(fresh.id(), fresh.createdAt(), true);
  }

  /**
   * Destroys a key. Whoever calls has made sure that nothing is wrapped under it.
   *
   * @throws IllegalArgumentException when it is the active one, or there is none of this id
   * @throws IOException when the file cannot be written
   */
  synchronized void retire(String id) throws IOException {
    Stored now = latest();
    if (now.active().equals(id) || now.find(id).isEmpty()) {
      throw new IllegalArgumentException("no key " + id + " that could be retired");
    }
    write(
        new Stored(now.active(), now.keys().stream().filter(key -> !key.id().equals(id)).toList()));
  }

  private void write(Stored changed) throws IOException {
    PrivateFiles.write(file, json(changed));
    stored = changed;
    version = versionOf(file);
  }

  @Override
  public String activeKeyId() {
    return current().active();
  }

  @Override
  public Wrapped wrap(byte[] dek, byte[] context) throws UndecryptableException {
    Stored now;
    try {
      now = latest();
    } catch (IOException e) {
      // Without its cause, which may quote a key.
      throw new UndecryptableException("the keyring cannot be read");
    }
    StoredKey active = now.find(now.active()).orElseThrow();
    byte[] nonce = AesGcm.random(AesGcm.NONCE_BYTES);
    byte[] encrypted = AesGcm.encrypt(active.bytes(), nonce, bound(active.id(), context), dek);
    byte[] wrapped = Arrays.copyOf(nonce, nonce.length + encrypted.length);
    System.arraycopy(encrypted, 0, wrapped, nonce.length, encrypted.length);
    return new Wrapped(active.id(), wrapped);
  }

  @Override
  public byte[] unwrap(Wrapped wrapped, byte[] context) throws UndecryptableException {
    StoredKey key =
        current()
            .find(wrapped.keyId())
            .orElseThrow(
                () ->
                    new UndecryptableException(
                        "key " + wrapped.keyId() + " is not in the keyring"));
    byte[] bytes = wrapped.bytes();
    if (bytes.length <= AesGcm.NONCE_BYTES) {
      throw new UndecryptableException("what is stored is too short");
    }
    return AesGcm.decrypt(
        key.bytes(),
        Arrays.copyOf(bytes, AesGcm.NONCE_BYTES),
        bound(key.id(), context),
        Arrays.copyOfRange(bytes, AesGcm.NONCE_BYTES, bytes.length));
  }

  private static byte[] bound(String keyId, byte[] context) {
    return AesGcm.fields(List.of(WRAP, keyId, HexFormat.of().formatHex(context)));
  }

  @Override
  public String toString() {
    return "keyring " + file;
  }
}
