package io.llmtrace.policies.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class UlidTest {
  @Property
  void tells_its_time_and_sorts_by_it(
      @ForAll @LongRange(min = 0, max = (1L << 48) - 2) long millis,
      @ForAll long high,
      @ForAll long low) {
    String ulid = Ulid.of(millis, high, low);

    assertThat(Ulid.isValid(ulid)).isTrue();
    assertThat(Ulid.time(ulid)).isEqualTo(Instant.ofEpochMilli(millis));
    assertThat(Ulid.of(millis + 1, low, high)).isGreaterThan(ulid);
  }

  @Test
  void writes_the_specifications_alphabet() {
    assertThat(Ulid.of(1469918176385L, 0, 0)).isEqualTo("01ARYZ6S410000000000000000");
    assertThat(Ulid.of((1L << 48) - 1, -1, -1)).isEqualTo("7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  }

  @Test
  void refuses_what_is_no_id() {
    assertThat(Ulid.isValid("81ARYZ6S410000000000000000")).isFalse();
    assertThat(Ulid.isValid("01ARYZ6S41000000000000000U")).isFalse();
    assertThat(Ulid.isValid("01aryz6s410000000000000000")).isFalse();
    assertThatThrownBy(() -> Ulid.time("x")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void gives_a_new_id_each_time() {
    Ulid ulid = new Ulid();
    assertThat(ulid.next()).isNotEqualTo(ulid.next());
  }
}
