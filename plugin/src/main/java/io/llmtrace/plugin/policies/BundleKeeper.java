package io.llmtrace.plugin.policies;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.llmtrace.policies.bundle.Bundle;
import io.llmtrace.policies.bundle.RefusedBundleException;
import io.llmtrace.policies.bundle.SignedBundle;
import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bundle in force: accepts a newer one or refuses it, and keeps the last good one on disk,
 * where a restart finds it. Reading what is in force takes no lock; a request goes by one table
 * from its beginning to its end. Thread-safe.
 */
public final class BundleKeeper {
  private static final Logger log = LoggerFactory.getLogger(BundleKeeper.class);

  private final Path bundleFile;
  private final Path floorFile;
  private final Path lockFile;
  private final String node;
  private final Clock clock;
  private final @Nullable Trust trust;
  private volatile PolicyTable table = PolicyTable.BUILT_IN;
  private volatile String digest = "";
  private volatile @Nullable Refused refused;
  private volatile @Nullable String unkept;
  private long notAfter = Long.MAX_VALUE;
  private long floor;
  private Consumer<PolicyTable> listener = made -> {};

  /**
   * Why the last bundle was refused.
   *
   * @param reason one word, see {@link RefusedBundleException#reason()}
   * @param revision of the bundle; 0 where it is not known
   * @param message for people
   */
  public record Refused(String reason, long revision, String message) {}

  private BundleKeeper(Path directory, String node, Clock clock, @Nullable Trust trust) {
    this.bundleFile = directory.resolve("policies.bundle");
    this.floorFile = directory.resolve("policies.revision");
    this.lockFile = directory.resolve("policies.lock");
    this.node = node;
    this.clock = clock;
    this.trust = trust;
  }

  /**
   * Opens what is on disk. A bundle that cannot be accepted is left where it is, and told; the
   * built-in policy decides then.
   *
   * @throws IOException when a pinned key cannot be read, or the directory cannot
   */
  public static BundleKeeper open(PluginConfig config, Clock clock) throws IOException {
    Path directory = config.dataDirectory();
    boolean asks = !config.policies().publicKeys().isEmpty();
    BundleKeeper keeper =
        new BundleKeeper(
            directory,
            config.node(),
            clock,
            asks
                ? Trust.open(config.policies().publicKeys(), directory.resolve("policies.keys"))
                : null);
    if (asks) {
      keeper.restore();
    }
    return keeper;
  }

  private synchronized void restore() throws IOException {
    floor = kept();
    byte[] sealed = PrivateFiles.read(bundleFile).orElse(null);
    if (sealed == null) {
      return;
    }
    long revision = 0;
    try {
      // What was good when it came stays in force, however long the control plane is gone.
      Bundle bundle = opened(sealed);
      revision = bundle.revision();
      if (revision < floor) {
        throw new RefusedBundleException(
            "revision", "revision " + bundle.revision() + " on disk; " + floor + " was in force");
      }
      swap(bundle, PolicyTable.of(bundle.revision(), bundle.content()));
      log.info("policies of bundle {} are in force, as they were before", bundle.revision());
    } catch (RefusedBundleException e) {
      refused(e, revision);
    } catch (RuntimeException e) {
      refused(new RefusedBundleException("policy", "cannot be evaluated: " + e), revision);
    }
  }

  /** Hears of what is in force, now and whenever it changes; on the thread that changes it. */
  public synchronized void listen(Consumer<PolicyTable> hears) {
    listener = hears;
    hears.accept(table);
  }

  /** Whether bundles are asked for. */
  public boolean asks() {
    return trust != null;
  }

  /** The keys that bundles may be signed with now, in base64. */
  public synchronized Set<String> trustedKeys() {
    return trust == null ? Set.of() : Set.copyOf(trust.keys());
  }

  /** What is in force. */
  public PolicyTable table() {
    return table;
  }

  /** SHA-256 of what is in force, in hex; empty for the built-in policy. */
  public String digest() {
    return digest;
  }

  /** Why the last bundle was refused; null where it was accepted. */
  public @Nullable Refused refused() {
    return refused;
  }

  /** What an operator should know. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    Refused why = refused;
    if (why != null) {
      problems.add(
          "policies: a bundle was refused ("
              + why.reason()
              + "): "
              + why.message()
              + "; revision "
              + table.revision()
              + " goes on");
    }
    String disk = unkept;
    if (disk != null) {
      problems.add("policies: the bundle in force is not on disk: " + disk);
    }
    if (isStale()) {
      problems.add(
          "policies: the bundle in force is past its time; the control plane gives no other");
    }
    return problems;
  }

  private synchronized boolean isStale() {
    return clock.millis() > notAfter;
  }

  /**
   * Takes a bundle, or refuses it, which is remembered.
   *
   * @return whether it is in force now
   */
  public synchronized boolean take(byte[] sealed) {
    long revision = 0;
    try {
      Bundle bundle = opened(sealed);
      revision = bundle.revision();
      if (clock.millis() > bundle.notAfter()) {
        throw new RefusedBundleException("expired", "it was good until " + bundle.notAfter());
      }
      // What was in force may come again where its copy on disk was damaged or is gone: no older
      // one.
      boolean again = bundle.revision() == floor && table.revision() < floor;
      if (bundle.revision() <= Math.max(floor, table.revision()) && !again) {
        throw new RefusedBundleException(
            "revision",
            "revision "
                + bundle.revision()
                + " is not newer than "
                + Math.max(floor, table.revision())
                + ", which was in force");
      }
      PolicyTable made;
      try {
        made = PolicyTable.of(bundle.revision(), bundle.content());
      } catch (RuntimeException e) {
        throw new RefusedBundleException("policy", "cannot be evaluated here: " + e);
      }
      keep(bundle, sealed);
      swap(bundle, made);
      refused = null;
      log.info("policies of bundle {} are in force", bundle.revision());
      return true;
    } catch (RefusedBundleException e) {
      refused(e, revision);
      return false;
    }
  }

  private Bundle opened(byte[] sealed) throws RefusedBundleException {
    Trust known = java.util.Objects.requireNonNull(trust, "no bundle is asked for without keys");
    Bundle bundle = SignedBundle.open(sealed, known.keys());
    if (!bundle.node().equals(node)) {
      throw new RefusedBundleException("node", "it is for node " + bundle.node());
    }
    return bundle;
  }

  /**
   * A disk that is full costs the next start its policies, not this one: it is told. A process that
   * takes over and its predecessor share the files: the larger revision stays.
   */
  private void keep(Bundle bundle, byte[] sealed) {
    String failed = null;
    try {
      PrivateFiles.createDirectories(Objects.requireNonNull(lockFile.toAbsolutePath().getParent()));
      try (FileChannel channel = PrivateFiles.openLock(lockFile);
          FileLock lock = channel.lock()) {
        if (lock.isValid() && kept() <= bundle.revision()) {
          // The bundle first: after a crash between the two it is newer than the floor, which is
          // good. The other way round it would be refused, and the built-in policy decide.
          PrivateFiles.write(bundleFile, sealed);
          PrivateFiles.write(floorFile, Long.toString(bundle.revision()));
        }
      }
    } catch (IOException e) {
      failed = e.toString();
      log.warn("the bundle {} is in force, but not kept on disk", bundle.revision(), e);
    }
    try {
      if (trust != null) {
        trust.named(bundle.keys());
      }
    } catch (IOException e) {
      failed = e.toString();
      log.warn("the keys that bundle {} names are not kept on disk", bundle.revision(), e);
    }
    unkept = failed;
  }

  /** The largest revision on disk; 0 where none is. */
  private long kept() throws IOException {
    return PrivateFiles.read(floorFile)
        .map(bytes -> new String(bytes, US_ASCII).strip())
        .filter(text -> text.matches("\\d{1,18}"))
        .map(Long::parseLong)
        .orElse(0L);
  }

  private void swap(Bundle bundle, PolicyTable made) {
    floor = Math.max(floor, bundle.revision());
    notAfter = bundle.notAfter();
    digest = SignedBundle.digest(bundle.content());
    // Before the first request that goes by it.
    listener.accept(made);
    table = made;
  }

  private void refused(RefusedBundleException e, long revision) {
    Refused before = refused;
    refused = new Refused(e.reason(), revision, String.valueOf(e.getMessage()));
    if (!refused.equals(before)) {
      log.warn("a bundle of policies is refused ({}): {}", e.reason(), e.getMessage());
    }
  }
}
