package io.llmtrace.plugin.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.policies.bundle.Bundle;
import io.llmtrace.policies.bundle.SignedBundle;
import io.llmtrace.policies.language.Match;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.runtime.config.PoliciesConfig;
import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleKeeperTest {
  private static final long NOW = Instant.parse("2026-11-30T12:00:00Z").toEpochMilli();
  private static final long MONTH = Duration.ofDays(30).toMillis();
  private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(NOW), ZoneOffset.UTC);

  @TempDir private Path folder;
  private final BundleKeys keys = BundleKeys.fresh();
  private PluginConfig config;

  @BeforeEach
  void pin() throws IOException {
    config =
        PluginConfig.defaults(Map.of()).toBuilder()
            .node("gateway-1")
            .dataDirectory(folder.resolve("data"))
            .policies(
                new PoliciesConfig(List.of(keys.write(folder.resolve("signing.pub"))), Map.of()))
            .build();
  }

  private BundleKeeper open() throws IOException {
    return BundleKeeper.open(config, CLOCK);
  }

  private byte[] bundle(long revision, Mode mode) {
    return bundle(revision, "gateway-1", NOW + MONTH, keys, List.of(keys.publicKey()), mode);
  }

  private static byte[] bundle(
      long revision, String node, long notAfter, BundleKeys signer, List<String> named, Mode mode) {
    Policy policy =
        new Policy(
            "standard",
            Policy.Metadata.NONE,
            mode,
            Match.ALL,
            null,
            null,
            Map.of(),
            null,
            null,
            Map.of(),
            null,
            null,
            List.of(),
            Map.of(),
            List.of(),
            List.of(),
            List.of());
    Bundle.Content content =
        new Bundle.Content(
            List.of(new Bundle.Entry(null, "standard", 1, Bundle.Role.ACTIVE, true, policy)));
    return SignedBundle.seal(new Bundle(revision, node, NOW, notAfter, named, content), signer);
  }

  private static Mode mode(BundleKeeper keeper) {
    return AnswerPolicy.unknown(
            keeper.table(),
            "acme",
            "",
            io.llmtrace.policies.exchange.Caller.of(
                io.llmtrace.policies.exchange.Dialect.OPENAI_CHAT),
            NOW)
        .program()
        .mode(Mode.ENFORCE);
  }

  @Test
  void aBundleIsInForceAndIsAgainAfterARestart() throws IOException {
    BundleKeeper keeper = open();
    assertThat(keeper.table()).isSameAs(PolicyTable.BUILT_IN);

    assertThat(keeper.take(bundle(NOW, Mode.OBSERVE))).isTrue();

    assertThat(mode(keeper)).isEqualTo(Mode.OBSERVE);
    BundleKeeper restarted = open();
    assertThat(restarted.table().revision()).isEqualTo(NOW);
    assertThat(restarted.digest()).isEqualTo(keeper.digest()).hasSize(64);
    assertThat(mode(restarted)).isEqualTo(Mode.OBSERVE);
    assertThat(restarted.problems()).isEmpty();
  }

  @Test
  void anyFlippedByteIsRefusedAndTheOldOneGoesOn() throws IOException {
    BundleKeeper keeper = open();
    keeper.take(bundle(NOW, Mode.OBSERVE));
    byte[] next = bundle(NOW + 1, Mode.ENFORCE);
    Random random = new Random(7);
    for (int i = 0; i < next.length; i++) {
      byte[] flipped = next.clone();
      flipped[i] ^= (byte) (1 << random.nextInt(8));
      assertThat(keeper.take(flipped)).as("byte %d", i).isFalse();
    }
    assertThat(keeper.table().revision()).isEqualTo(NOW);
    assertThat(keeper.refused().reason()).isEqualTo("signature");
    assertThat(keeper.problems()).singleElement().asString().contains("revision " + NOW);
    assertThat(open().table().revision()).isEqualTo(NOW);

    assertThat(keeper.take(next)).isTrue();
    assertThat(keeper.refused()).isNull();
    assertThat(mode(keeper)).isEqualTo(Mode.ENFORCE);
  }

  @Test
  void cutOnesAndLongOnesAreRefused() throws IOException {
    BundleKeeper keeper = open();
    byte[] good = bundle(NOW, Mode.OBSERVE);
    for (int length = 0; length < good.length; length += 7) {
      assertThat(keeper.take(java.util.Arrays.copyOf(good, length))).isFalse();
    }
    assertThat(keeper.take(java.util.Arrays.copyOf(good, good.length + 1))).isFalse();
    assertThat(keeper.take(new byte[SignedBundle.LARGEST + 1])).isFalse();
    assertThat(keeper.refused().reason()).isEqualTo("size");
  }

  @Test
  void anOlderRevisionIsRefusedAlsoAfterARestart() throws IOException {
    BundleKeeper keeper = open();
    keeper.take(bundle(NOW, Mode.OBSERVE));
    keeper.take(bundle(NOW + 5, Mode.ENFORCE));

    assertThat(keeper.take(bundle(NOW, Mode.OBSERVE))).isFalse();
    assertThat(keeper.refused())
        .extracting(BundleKeeper.Refused::reason, BundleKeeper.Refused::revision)
        .containsExactly("revision", NOW);
    BundleKeeper restarted = open();
    assertThat(restarted.take(bundle(NOW + 4, Mode.OBSERVE))).isFalse();
    assertThat(mode(restarted)).isEqualTo(Mode.ENFORCE);
  }

  @Test
  void anOldBundlePutBackOnTheDiskIsRefused() throws IOException {
    BundleKeeper keeper = open();
    keeper.take(bundle(NOW, Mode.OBSERVE));
    Path file = folder.resolve("data/policies.bundle");
    byte[] old = Files.readAllBytes(file);
    keeper.take(bundle(NOW + 5, Mode.ENFORCE));
    Files.write(file, old);

    BundleKeeper restarted = open();

    assertThat(restarted.table()).isSameAs(PolicyTable.BUILT_IN);
    assertThat(restarted.problems()).singleElement().asString().contains("on disk");
    assertThat(restarted.take(bundle(NOW + 6, Mode.ENFORCE))).isTrue();
  }

  /** Otherwise a damaged disk would cost a node its policies until somebody changes them. */
  @Test
  void whatWasInForceIsTakenAgainWhereItsCopyIsDamagedOrGone() throws IOException {
    BundleKeeper keeper = open();
    keeper.take(bundle(NOW, Mode.OBSERVE));
    byte[] current = bundle(NOW + 5, Mode.ENFORCE);
    keeper.take(current);
    assertThat(keeper.take(current)).as("the same again").isFalse();
    Path file = folder.resolve("data/policies.bundle");
    byte[] damaged = Files.readAllBytes(file);
    damaged[damaged.length / 2] ^= 1;
    Files.write(file, damaged);

    BundleKeeper restarted = open();
    assertThat(restarted.table()).isSameAs(PolicyTable.BUILT_IN);
    assertThat(restarted.take(bundle(NOW + 4, Mode.OBSERVE))).as("an older one").isFalse();
    assertThat(restarted.take(current)).isTrue();
    assertThat(restarted.problems()).isEmpty();
    assertThat(mode(open())).as("the copy is good again").isEqualTo(Mode.ENFORCE);

    Files.delete(file);
    BundleKeeper bare = open();
    assertThat(bare.take(current)).isTrue();
    assertThat(mode(open())).isEqualTo(Mode.ENFORCE);
  }

  @Test
  void ofAnotherKeyOrNodeOrTimeItIsRefused() throws IOException {
    BundleKeeper keeper = open();
    BundleKeys other = BundleKeys.fresh();
    assertThat(keeper.take(bundle(NOW, "gateway-1", NOW + MONTH, other, List.of(), Mode.OBSERVE)))
        .isFalse();
    assertThat(keeper.refused().reason()).isEqualTo("signature");
    assertThat(keeper.take(bundle(NOW, "gateway-2", NOW + MONTH, keys, List.of(), Mode.OBSERVE)))
        .isFalse();
    assertThat(keeper.refused().reason()).isEqualTo("node");
    assertThat(keeper.take(bundle(NOW, "gateway-1", NOW - 1, keys, List.of(), Mode.OBSERVE)))
        .isFalse();
    assertThat(keeper.refused().reason()).isEqualTo("expired");
  }

  @Test
  void aKeyThatABundleNamesIsTrustedFromThenOn() throws IOException {
    BundleKeys next = BundleKeys.fresh();
    BundleKeeper keeper = open();
    List<String> both = List.of(keys.publicKey(), next.publicKey());
    assertThat(keeper.take(bundle(NOW, "gateway-1", NOW + MONTH, keys, both, Mode.OBSERVE)))
        .isTrue();

    BundleKeeper restarted = open();
    assertThat(
            restarted.take(
                bundle(
                    NOW + 1,
                    "gateway-1",
                    NOW + MONTH,
                    next,
                    List.of(next.publicKey()),
                    Mode.ENFORCE)))
        .isTrue();
    assertThat(mode(open())).isEqualTo(Mode.ENFORCE);
  }

  /** The answer to a key that leaked: whoever has it may have named one of their own. */
  @Test
  void whoPinsAnotherKeyTakesBackWhatWasNamedUnderTheOld() throws IOException {
    BundleKeys stolen = BundleKeys.fresh();
    List<String> both = List.of(keys.publicKey(), stolen.publicKey());
    assertThat(open().take(bundle(NOW, "gateway-1", NOW + MONTH, keys, both, Mode.OBSERVE)))
        .isTrue();
    BundleKeys fresh = BundleKeys.fresh();
    fresh.write(folder.resolve("signing.pub"));

    BundleKeeper keeper = open();

    assertThat(keeper.trustedKeys()).containsExactly(fresh.publicKey());
    for (BundleKeys old : List.of(keys, stolen)) {
      assertThat(keeper.take(bundle(NOW + 1, "gateway-1", NOW + MONTH, old, both, Mode.OBSERVE)))
          .isFalse();
    }
    assertThat(
            keeper.take(
                bundle(
                    NOW + 2,
                    "gateway-1",
                    NOW + MONTH,
                    fresh,
                    List.of(fresh.publicKey()),
                    Mode.ENFORCE)))
        .isTrue();
    assertThat(mode(open())).isEqualTo(Mode.ENFORCE);
  }

  /** As versions of before have written it. */
  @Test
  void keysOfAFileThatDoesNotSayUnderWhichTheyWereNamedStayUntilTheNextBundleDoes()
      throws IOException {
    BundleKeys next = BundleKeys.fresh();
    PrivateFiles.write(config.dataDirectory().resolve("policies.keys"), next.publicKey() + "\n");

    assertThat(
            open()
                .take(
                    bundle(
                        NOW,
                        "gateway-1",
                        NOW + MONTH,
                        next,
                        List.of(next.publicKey()),
                        Mode.OBSERVE)))
        .isTrue();
    assertThat(config.dataDirectory().resolve("policies.keys")).content().contains("# named under");
  }

  @Test
  void whatIsPastItsTimeStaysInForceAndIsTold() throws IOException {
    BundleKeeper keeper = open();
    keeper.take(bundle(NOW, Mode.OBSERVE));

    BundleKeeper later =
        BundleKeeper.open(config, Clock.offset(CLOCK, Duration.ofMillis(MONTH + 1)));

    assertThat(later.table().revision()).isEqualTo(NOW);
    assertThat(later.problems()).singleElement().asString().contains("past its time");
  }

  @Test
  void aKeyFileThatHoldsNoneIsTold() throws IOException {
    Files.writeString(folder.resolve("signing.pub"), "-----BEGIN PUBLIC KEY-----\nAAAA\n");
    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("plugin.policies.public_keys")
        .hasMessageContaining("Ed25519");
  }

  @Test
  void aDiskThatIsFullCostsNothingNow() throws IOException {
    BundleKeeper keeper = open();
    Path data = folder.resolve("data");
    // A file where the directory should be: nobody can write below it, not even root.
    Files.writeString(data, "");

    assertThat(keeper.take(bundle(NOW, Mode.OBSERVE))).isTrue();

    assertThat(mode(keeper)).isEqualTo(Mode.OBSERVE);
    assertThat(keeper.problems()).singleElement().asString().contains("not on disk");
  }
}
