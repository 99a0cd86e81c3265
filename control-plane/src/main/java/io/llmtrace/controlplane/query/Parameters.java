package io.llmtrace.controlplane.query;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.policies.id.Ulid;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.UriInfo;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Named texts of a query string, or of an object that holds the same filters, each read as what it
 * must be. Whatever is wrong is answered with 400, its name and what would be right. Immutable.
 */
public final class Parameters {
  private static final int LONGEST = 200;

  private final Map<String, String> texts;

  private Parameters(Map<String, String> texts) {
    this.texts = Map.copyOf(texts);
  }

  /**
   * The parameters of a request.
   *
   * @param known all names that there may be
   */
  public static Parameters of(UriInfo uri, List<String> known) {
    QueryParameters.only(uri, known.toArray(String[]::new));
    Map<String, String> texts = new LinkedHashMap<>();
    uri.getQueryParameters().forEach((name, values) -> texts.put(name, values.get(0)));
    return new Parameters(texts);
  }

  /** Filters in a body, as they would stand in a query string. */
  public static Parameters of(ObjectNode filter, List<String> known) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : filter.properties()) {
      if (!known.contains(entry.getKey())) {
        throw Problem.field(
            "/filter", "unknown filter, expected one of " + String.join(", ", sorted(known)));
      }
      String text = entry.getValue().textValue();
      if (text == null || text.indexOf('\0') >= 0) {
        throw Problem.field("/filter/" + entry.getKey(), "expected a text");
      }
      texts.put(entry.getKey(), text);
    }
    return new Parameters(texts);
  }

  private static List<String> sorted(List<String> names) {
    return names.stream().sorted().toList();
  }

  /** What was sent, for the audit. */
  public Map<String, String> sent() {
    return texts;
  }

  /** A name that something may have; the empty one too, for what has none. */
  public @Nullable String text(String name) {
    String text = texts.get(name);
    if (text != null && text.length() > LONGEST) {
      throw wrong(name, "at most " + LONGEST + " characters");
    }
    return text;
  }

  /** One of some words. */
  public @Nullable String word(String name, List<String> words) {
    String text = texts.get(name);
    if (text != null && !words.contains(text)) {
      throw wrong(name, "one of " + String.join(", ", words));
    }
    return text;
  }

  /** A constant by its name in lower case. */
  public <E extends Enum<E>> @Nullable E choice(String name, Class<E> type) {
    String word = word(name, words(type));
    return word == null ? null : Enum.valueOf(type, word.toUpperCase(Locale.ROOT));
  }

  /** The names of an enum's constants in lower case. */
  public static <E extends Enum<E>> List<String> words(Class<E> type) {
    return Arrays.stream(type.getEnumConstants())
        .map(each -> each.name().toLowerCase(Locale.ROOT))
        .toList();
  }

  public @Nullable Boolean yesOrNo(String name) {
    String text = word(name, List.of("true", "false"));
    return text == null ? null : (Boolean) text.equals("true");
  }

  /** A number from 0, with decimals. */
  public @Nullable BigDecimal amount(String name) {
    String text = texts.get(name);
    if (text == null) {
      return null;
    }
    if (!text.matches("[0-9]{1,12}(\\.[0-9]{1,12})?")) {
      throw wrong(name, "a number from 0, such as 0.25");
    }
    return new BigDecimal(text);
  }

  /** A text of a certain form. */
  public @Nullable String matching(String name, String pattern, String expected) {
    String text = texts.get(name);
    if (text != null && !text.matches(pattern)) {
      throw wrong(name, expected);
    }
    return text;
  }

  public @Nullable String ulid(String name) {
    String text = texts.get(name);
    if (text != null && !Ulid.isValid(text)) {
      throw wrong(name, "a decision id of 26 characters");
    }
    return text;
  }

  /** The first moment of a day (UTC), or a moment with its offset. */
  public @Nullable Instant time(String name) {
    String text = texts.get(name);
    if (text == null) {
      return null;
    }
    try {
      Instant instant =
          text.length() == 10
              ? LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC)
              : OffsetDateTime.parse(text).toInstant();
      int year = instant.atOffset(ZoneOffset.UTC).getYear();
      if (year >= 2000 && year < 9000) {
        return instant;
      }
    } catch (DateTimeException e) {
      throw new WebApplicationException(e, wrong(name, TIME).getResponse());
    }
    throw wrong(name, TIME);
  }

  private static final String TIME =
      "a day such as 2027-01-31 or a time such as 2027-01-31T12:00:00Z";

  /** Parts between commas, each once. */
  public @Nullable List<String> list(String name) {
    String text = texts.get(name);
    if (text == null) {
      return null;
    }
    List<String> parts = new ArrayList<>(Arrays.asList(text.split(",", -1)));
    if (parts.stream().distinct().count() < parts.size()) {
      throw wrong(name, "each once");
    }
    return parts;
  }

  /** Reads a text by a function that gives null for a wrong one. */
  public <T> @Nullable T parsed(String name, String expected, Function<String, @Nullable T> parse) {
    String text = texts.get(name);
    if (text == null) {
      return null;
    }
    T value = parse.apply(text);
    if (value == null) {
      throw wrong(name, expected);
    }
    return value;
  }

  /** The refusal of a parameter. */
  public static WebApplicationException wrong(String name, String expected) {
    return Problem.of(400, name + ": expected " + expected);
  }

  /** Names of one list and another. */
  public static List<String> names(List<String> some, List<String> more) {
    return Stream.concat(some.stream(), more.stream()).distinct().toList();
  }
}
