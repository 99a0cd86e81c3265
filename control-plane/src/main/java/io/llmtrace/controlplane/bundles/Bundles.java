package io.llmtrace.controlplane.bundles;

import io.llmtrace.controlplane.policies.CompiledPolicies;
import io.llmtrace.controlplane.policies.LivePolicies;
import io.llmtrace.policies.bundle.Bundle;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** What each instance should go by. Thread-safe. */
public final class Bundles {
  /** How long a bundle is accepted; one in force stays. */
  static final Duration LIFETIME = Duration.ofDays(30);

  /** For how long a number stays when nothing but the keys changed. */
  private static final Duration SETTLED = Duration.ofMinutes(1);

  /** What an instance is given. */
  record Wanted(Tag tag, Contents.Content content) {}

  private final Supplier<Jdbi> jdbi;
  private final Contents contents;
  private final BundleKeyring keyring;
  private final Clock clock;
  private final long settledMillis;
  private volatile @Nullable LivePolicies live;
  private final AtomicLong newest = new AtomicLong();

  public Bundles(Supplier<Jdbi> jdbi, BundleKeyring keyring, Clock clock) {
    this(jdbi, keyring, clock, SETTLED);
  }

  Bundles(Supplier<Jdbi> jdbi, BundleKeyring keyring, Clock clock, Duration settled) {
    this.jdbi = jdbi;
    this.contents = new Contents(new CompiledPolicies(jdbi));
    this.keyring = keyring;
    this.clock = clock;
    this.settledMillis = settled.toMillis();
  }

  BundleKeyring keyring() {
    return keyring;
  }

  /** What holds now; read again only when something changed. */
  LivePolicies live() {
    Jdbi database = jdbi.get();
    LivePolicies known = live;
    return known != null && known.version() == LivePolicies.version(database)
        ? known
        : read(database);
  }

  private synchronized LivePolicies read(Jdbi database) {
    // One after the other, each reading within: whoever is last has the newest, also where its
    // number is smaller, since somebody set the database back to an older state.
    LivePolicies read = LivePolicies.read(database);
    live = read;
    return read;
  }

  /** Whether an instance goes by what it should, under whatever number. */
  boolean suits(LivePolicies now, Poll poll) {
    Tag running = poll.running();
    return running != null && running.digest().equals(contents.of(now, poll).digest());
  }

  /**
   * What an instance is to have, noted with what it said.
   *
   * @throws jakarta.ws.rs.WebApplicationException 429 for a new name where too many are known
   */
  Wanted wanted(Poll poll) {
    Contents.Content content = contents.of(live(), poll);
    return jdbi.get()
        .inTransaction(
            handle -> {
              BundleNodes.admit(handle, poll);
              long revision = Revisions.of(handle, poll, content, keyring.id(), settledMillis);
              Tag tag = new Tag(revision, content.digest());
              BundleNodes.asked(handle, poll, tag);
              newest.accumulateAndGet(revision, Math::max);
              return new Wanted(tag, content);
            });
  }

  /** As it travels. */
  byte[] sealed(Poll poll, Wanted wanted) {
    long now = clock.millis();
    return keyring.seal(
        new Bundle(
            wanted.tag().revision(),
            poll.node(),
            now,
            now + LIFETIME.toMillis(),
            keyring.publicKeys(),
            wanted.content().content()));
  }

  /**
   * The newest number that an instance was given, by this or another replica, as far as it was seen
   * by the last {@link #look()}; 0 before the first one. From memory.
   */
  public long newest() {
    return newest.get();
  }

  /** Notes what instances should run that do not ask at the moment. */
  public void look() {
    LivePolicies now = live();
    newest.accumulateAndGet(jdbi.get().withHandle(Revisions::newest), Math::max);
    List<BundleNodes.Known> nodes = jdbi.get().withHandle(BundleNodes::all);
    for (BundleNodes.Known node : nodes) {
      String digest = contents.of(now, node.poll()).digest();
      if (!digest.equals(node.wantedDigest())) {
        jdbi.get().useHandle(handle -> BundleNodes.wants(handle, node.poll(), digest));
      }
    }
  }

  /** Forgets what nobody will ask for any more. */
  public void expire() {
    jdbi.get().useTransaction(BundleNodes::expire);
  }
}
