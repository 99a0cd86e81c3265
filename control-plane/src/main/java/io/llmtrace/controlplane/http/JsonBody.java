package io.llmtrace.controlplane.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object that somebody sent, read strictly: the fields that are asked for are the fields
 * that exist, no field comes twice, nothing is converted. A wrong field adds a problem and reads as
 * absent; {@link #finish} then refuses the body with all of them. Not thread-safe.
 */
public final class JsonBody {
  /** Of a whole body. */
  public static final int MOST_BYTES = 64 << 10;

  private static final int MOST_PLACES = 9;
  private static final int DEEPEST = 32;
  private static final int LONGEST_NUMBER = 100;
  private static final int LONGEST_NAME = 1_000;

  private static final ObjectMapper STRICT =
      JsonMapper.builder(
              com.fasterxml.jackson.core.JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEEPEST)
                          .maxNumberLength(LONGEST_NUMBER)
                          .maxNameLength(LONGEST_NAME)
                          .build())
                  .build())
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature())
          .build();

  private final ObjectNode object;
  private final byte[] bytes;
  private final @Nullable BodyShape shape;
  private final Set<String> asked = new LinkedHashSet<>();
  private final List<Problem.FieldError> errors = new ArrayList<>();

  private JsonBody(ObjectNode object, byte[] bytes, @Nullable BodyShape shape) {
    this.object = object;
    this.bytes = bytes;
    this.shape = shape;
  }

  /** An empty body that notes what a reader asks it for and refuses nothing. */
  static JsonBody describing(BodyShape shape) {
    return new JsonBody(JsonNodeFactory.instance.objectNode(), new byte[0], shape);
  }

  /**
   * Reads a body to its end; none at all reads as an empty object.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400 or 413
   */
  public static JsonBody read(InputStream in) throws IOException {
    return read(in, MOST_BYTES);
  }

  /**
   * As {@link #read(InputStream)}, for a body that may hold a file.
   *
   * @param most bytes
   */
  public static JsonBody read(InputStream in, int most) throws IOException {
    byte[] sent = in.readNBytes(most + 1);
    if (sent.length > most) {
      // Answering while the client still writes would end in a reset connection.
      in.skip(1L << 20);
      throw Problem.of(413, "body: expected at most " + most + " bytes");
    }
    if (sent.length == 0) {
      return new JsonBody(JsonNodeFactory.instance.objectNode(), sent, null);
    }
    try {
      if (STRICT.readTree(sent) instanceof ObjectNode object) {
        return new JsonBody(object, sent, null);
      }
      throw Problem.of(400, "body: expected an object");
    } catch (CharConversionException e) {
      // Zeros at the beginning look like UTF-32.
      throw Problem.of(400, "body: expected UTF-8");
    } catch (StreamConstraintsException e) {
      throw Problem.of(
          400,
          "body: expected at most %d levels, numbers of at most %d digits and names of at most %d"
                  .formatted(DEEPEST, LONGEST_NUMBER, LONGEST_NAME)
              + " characters");
    } catch (JsonProcessingException e) {
      e.clearLocation();
      throw Problem.of(400, "body: expected JSON, but " + firstLine(e.getOriginalMessage()));
    }
  }

  private static String firstLine(String message) {
    return message.lines().findFirst().orElse("it cannot be read");
  }

  /** As sent. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Whether a field is there, {@code null} included: what is absent is left as it was. */
  public boolean has(String field) {
    asked.add(field);
    return object.has(field);
  }

  /** Whether a field is there and not null. */
  public boolean isPresent(String field) {
    return !isAbsent(field);
  }

  /** A text, or null where it is absent, null or wrong. */
  public @Nullable String text(String field, String expected, Predicate<String> valid) {
    return parsed(field, expected, text -> valid.test(text) ? text : null);
  }

  /** A text that must be there; a wrong one reads as empty. */
  public String requiredText(String field, String expected, Predicate<String> valid) {
    String text = text(field, expected, valid);
    required(field, expected);
    return text == null ? "" : text;
  }

  /** Notes that a field is wrong if it is absent or null. */
  public void required(String field, String expected) {
    note(each -> each.required(field));
    if (isAbsent(field)) {
      wrong(field, "expected " + expected + ", was absent");
    }
  }

  /** One of some texts, or null where it is absent, null or wrong. */
  public @Nullable String choice(String field, List<String> choices) {
    String chosen = text(field, "one of " + String.join(", ", choices), choices::contains);
    note(each -> each.choice(field, choices));
    return chosen;
  }

  /** A text that stands for something else; {@code parse} gives null for one that does not. */
  public <T> @Nullable T parsed(
      String field, String expected, Function<String, @Nullable T> parse) {
    note(each -> each.text(field, expected));
    if (isAbsent(field)) {
      return null;
    }
    JsonNode node = object.get(field);
    T value = node.isTextual() ? parse.apply(node.textValue()) : null;
    if (value == null) {
      wrong(field, "expected " + expected);
    }
    return value;
  }

  /** A moment, as RFC 3339 writes it. */
  public @Nullable Instant instant(String field) {
    Instant moment =
        parsed(
            field,
            "a time such as 2027-01-31T00:00:00Z",
            text -> {
              try {
                Instant instant = OffsetDateTime.parse(text).toInstant();
                int year = instant.atOffset(java.time.ZoneOffset.UTC).getYear();
                return year >= 2000 && year < 10_000 ? instant : null;
              } catch (DateTimeException e) {
                return null;
              }
            });
    note(each -> each.moment(field));
    return moment;
  }

  /** Yes or no, or null where it is absent, null or wrong. */
  public @Nullable Boolean yesOrNo(String field) {
    note(each -> each.yesOrNo(field));
    if (isAbsent(field)) {
      return null;
    }
    if (object.get(field).isBoolean()) {
      return (Boolean) object.get(field).booleanValue();
    }
    wrong(field, "expected true or false");
    return null;
  }

  /** A whole number, or the fallback where it is absent, null or wrong. */
  public long integer(String field, long fallback, long least, long most) {
    note(each -> each.integer(field, least, most));
    if (isAbsent(field)) {
      return fallback;
    }
    JsonNode node = object.get(field);
    if (node.isIntegralNumber()
        && node.canConvertToLong()
        && node.longValue() >= least
        && node.longValue() <= most) {
      return node.longValue();
    }
    wrong(field, "expected a whole number from " + least + " to " + most);
    return fallback;
  }

  /**
   * A number with at most nine places behind the point, or null where it is absent, null or wrong.
   */
  public @Nullable BigDecimal decimal(String field, BigDecimal least, BigDecimal most) {
    note(each -> each.decimal(field, least, most));
    if (isAbsent(field)) {
      return null;
    }
    JsonNode node = object.get(field);
    // 1e999 reads as infinite, which is no decimal.
    if (node.isNumber() && Double.isFinite(node.doubleValue()) && isSmall(node.decimalValue())) {
      BigDecimal value = node.decimalValue();
      if (value.compareTo(least) >= 0 && value.compareTo(most) <= 0) {
        return value;
      }
    }
    wrong(
        field,
        "expected a number from "
            + least.toPlainString()
            + " to "
            + most.toPlainString()
            + ", with at most "
            + MOST_PLACES
            + " places");
    return null;
  }

  /** An exponent of some thousand digits would be written out by whoever compares it. */
  private static boolean isSmall(BigDecimal value) {
    return value.scale() <= MOST_PLACES && value.precision() - value.scale() <= 30;
  }

  /** An object as it is, or null where it is absent, null or wrong. */
  public @Nullable ObjectNode object(String field) {
    note(each -> each.object(field));
    if (isAbsent(field)) {
      return null;
    }
    if (object.get(field) instanceof ObjectNode inner) {
      return inner;
    }
    wrong(field, "expected an object");
    return null;
  }

  /**
   * Different texts that each stand for something, or null where they are absent, null or wrong.
   */
  public <T> @Nullable Set<T> set(
      String field, String expected, int most, Function<String, @Nullable T> parse) {
    note(each -> each.set(field, expected, most));
    if (isAbsent(field)) {
      return null;
    }
    JsonNode node = object.get(field);
    if (!node.isArray() || node.size() > most) {
      wrong(field, "expected a list of at most " + most + ", each " + expected);
      return null;
    }
    Set<T> values = new LinkedHashSet<>();
    for (int i = 0; i < node.size(); i++) {
      T value = node.get(i).isTextual() ? parse.apply(node.get(i).textValue()) : null;
      if (value == null) {
        wrong(field + "/" + i, "expected " + expected);
      } else if (!values.add(value)) {
        wrong(field + "/" + i, "expected each once");
      }
    }
    return values;
  }

  /** Different whole numbers, or null where they are absent, null or wrong. */
  public @Nullable Set<Integer> integers(String field, int most, int least, int largest) {
    note(each -> each.integers(field, most, least, largest));
    if (isAbsent(field)) {
      return null;
    }
    JsonNode node = object.get(field);
    Set<Integer> values = new LinkedHashSet<>();
    boolean right = node.isArray() && node.size() <= most;
    for (int i = 0; right && i < node.size(); i++) {
      JsonNode each = node.get(i);
      right =
          each.isIntegralNumber()
              && each.canConvertToInt()
              && each.intValue() >= least
              && each.intValue() <= largest
              && values.add(each.intValue());
    }
    if (!right) {
      wrong(
          field,
          "expected a list of at most "
              + most
              + " different whole numbers from "
              + least
              + " to "
              + largest);
      return null;
    }
    return values;
  }

  private void note(Consumer<BodyShape> what) {
    if (shape != null) {
      what.accept(shape);
    }
  }

  private boolean isAbsent(String field) {
    asked.add(field);
    return !object.hasNonNull(field);
  }

  /** Notes that a field is wrong for a reason that its own type does not tell. */
  public void wrong(String field, String detail) {
    errors.add(new Problem.FieldError("/" + field, detail));
  }

  /**
   * Refuses the body if any field was wrong or is unknown.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400
   */
  public void finish() {
    if (shape != null) {
      return;
    }
    object
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (!asked.contains(name)) {
                String shown = name.length() > 60 ? name.substring(0, 60) + "…" : name;
                wrong(
                    shown.replace("~", "~0").replace("/", "~1"),
                    asked.stream()
                        .sorted()
                        .collect(Collectors.joining(", ", "unknown field, expected one of ", "")));
              }
            });
    if (!errors.isEmpty()) {
      throw Problem.fields(errors);
    }
  }
}
