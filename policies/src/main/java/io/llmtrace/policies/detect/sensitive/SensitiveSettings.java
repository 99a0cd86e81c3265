package io.llmtrace.policies.detect.sensitive;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is looked for. Immutable.
 *
 * <p>Off unless asked for: names of people and postal addresses, which only the words around them
 * tell and which most texts hold for good reasons; MAC addresses, coordinates and vehicle plates,
 * which technical text is full of. {@link SensitiveKinds} says which.
 *
 * @param kinds ids of the kinds that are on
 * @param countries ISO 3166-1 alpha-2 codes: a kind that belongs to a country is looked for only if
 *     the country is here; numbers of telephones in national form are read as of these countries
 * @param examples what becomes of documented examples and published test values
 */
public record SensitiveSettings(Set<String> kinds, Set<String> countries, Examples examples) {

  /** What becomes of values that their publisher gave away: they are nobody's. */
  public enum Examples {
    /** They are no findings. */
    IGNORED,
    /** They are findings of severity info whose evidence says so. */
    REPORTED
  }

  /** Countries whose national telephone numbers are read where nothing else is said. */
  private static final Set<String> EVERY_COUNTRY = everyCountry();

  public SensitiveSettings {
    kinds = new TreeSet<>(kinds);
    Set<String> upper = new LinkedHashSet<>();
    countries.forEach(country -> upper.add(country.toUpperCase(Locale.ROOT)));
    List<String> problems = new ArrayList<>();
    for (String kind : kinds) {
      if (SensitiveKinds.find(kind).isEmpty()) {
        problems.add("no kind '" + kind + "'");
      }
    }
    for (String country : upper) {
      if (!Set.of(Locale.getISOCountries()).contains(country)) {
        problems.add("no country '" + country + "' in ISO 3166-1 alpha-2");
      }
    }
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", problems));
    }
    kinds = Set.copyOf(kinds);
    countries = Set.copyOf(upper);
  }

  /** What is on by default, in every country. */
  public static SensitiveSettings standard() {
    Set<String> kinds = new LinkedHashSet<>();
    for (SensitiveKind kind : SensitiveKinds.all()) {
      if (kind.onByDefault()) {
        kinds.add(kind.id());
      }
    }
    return new SensitiveSettings(kinds, EVERY_COUNTRY, Examples.IGNORED);
  }

  /** The same with more kinds on. */
  public SensitiveSettings with(String... more) {
    Set<String> wanted = new LinkedHashSet<>(kinds);
    wanted.addAll(List.of(more));
    return new SensitiveSettings(wanted, countries, examples);
  }

  /** The same with kinds off. */
  public SensitiveSettings without(String... fewer) {
    Set<String> wanted = new LinkedHashSet<>(kinds);
    List.of(fewer).forEach(wanted::remove);
    return new SensitiveSettings(wanted, countries, examples);
  }

  /** The same for these countries only. */
  public SensitiveSettings in(String... only) {
    return new SensitiveSettings(kinds, Set.of(only), examples);
  }

  /** The same with another answer to examples. */
  public SensitiveSettings examples(Examples answer) {
    return new SensitiveSettings(kinds, countries, answer);
  }

  boolean on(SensitiveKind kind) {
    return kinds.contains(kind.id())
        && (kind.country().isEmpty() || countries.contains(kind.country()));
  }

  private static Set<String> everyCountry() {
    Set<String> countries = new LinkedHashSet<>();
    for (SensitiveKind kind : SensitiveKinds.all()) {
      if (!kind.country().isEmpty()) {
        countries.add(kind.country());
      }
    }
    countries.addAll(
        List.of(
            "HU", "UA", "RU", "SK", "LT", "PH", "ID", "MY", "VN", "NZ", "CO", "PE", "NG", "KE",
            "EG", "AE", "SA", "PK"));
    return countries;
  }
}
