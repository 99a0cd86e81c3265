package io.llmtrace.policies.yaml;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What may stand at a place of a file. Readers, JSON Schemas and references are made from these, so
 * they say the same. Immutable, thread-safe.
 */
public sealed interface Shape {
  /** In a few words, as in "expected …, was …". */
  String expected();

  /**
   * Keys that are known.
   *
   * @param name of what it describes, such as {@code rule}
   * @param keys in the order in which people write them
   */
  record Section(String name, List<Key> keys) implements Shape {
    public Section {
      keys = List.copyOf(keys);
    }

    @Override
    public String expected() {
      return "keys and values";
    }

    /** Its name with the article, as in "an exception". */
    String one() {
      return ("aeiou".indexOf(name.charAt(0)) < 0 ? "a " : "an ") + name;
    }

    List<String> names() {
      return keys.stream().map(Key::name).toList();
    }

    Optional<Key> key(String name) {
      return keys.stream().filter(key -> key.name().equals(name)).findFirst();
    }
  }

  /** Whether a key must be there. */
  enum Need {
    REQUIRED,
    OPTIONAL
  }

  /**
   * One key of a section.
   *
   * @param doc for people, in Markdown, one paragraph
   */
  record Key(String name, Need need, Shape shape, String doc) {}

  /** Whether a text may go over several lines. */
  enum Lines {
    ONE,
    SEVERAL
  }

  /**
   * A text without control characters.
   *
   * @param expected in a few words
   * @param longest characters; at least one is expected
   * @param form which the whole text has; empty for any
   */
  record Text(String expected, int longest, Lines lines, Optional<Pattern> form) implements Shape {
    /** A text of one line and any form. */
    public static Text line(String expected, int longest) {
      return new Text(expected, longest, Lines.ONE, Optional.empty());
    }

    /** A text that may go over several lines. */
    public static Text lines(String expected, int longest) {
      return new Text(expected, longest, Lines.SEVERAL, Optional.empty());
    }

    /**
     * A text of a form.
     *
     * @param form a regular expression that JavaScript reads alike, since the schema has it too
     */
    public static Text of(String expected, int longest, String form) {
      return new Text(expected, longest, Lines.ONE, Optional.of(Pattern.compile(form)));
    }
  }

  /**
   * One of a few words.
   *
   * @param what they are, such as {@code an action}
   */
  record Choice(String what, List<String> words) implements Shape {
    public Choice {
      words = List.copyOf(words);
    }

    public static Choice of(String what, String... words) {
      return new Choice(what, Arrays.asList(words));
    }

    @Override
    public String expected() {
      return words.size() <= 12 ? "one of " + String.join(", ", words) : what;
    }
  }

  /** A number with both bounds included. */
  record Decimal(double least, double most) implements Shape {
    @Override
    public String expected() {
      return "a number from " + Numbers.plain(least) + " to " + Numbers.plain(most);
    }
  }

  /** A whole number with both bounds included. */
  record Whole(long least, long most) implements Shape {
    @Override
    public String expected() {
      return "a whole number from " + least + " to " + most;
    }
  }

  /** {@code true} or {@code false}. */
  record Flag() implements Shape {
    @Override
    public String expected() {
      return "true or false";
    }
  }

  /** Whether one value may stand for a list of one. */
  enum Single {
    REFUSED,
    ACCEPTED
  }

  /** A list. */
  record Items(Shape each, int least, int most, Single single) implements Shape {
    /** A list of at least one value. */
    public static Items of(Shape each, int most) {
      return new Items(each, 1, most, Single.REFUSED);
    }

    @Override
    public String expected() {
      return "a list";
    }
  }

  /**
   * Keys of one's own.
   *
   * @param key a text or a choice
   */
  record Entries(Shape key, Shape value, int most) implements Shape {
    @Override
    public String expected() {
      return "keys and values";
    }
  }

  /** A list, or keys that say more. */
  record Either(Items items, Section section) implements Shape {
    @Override
    public String expected() {
      return "a list, or keys and values";
    }
  }

  /** Whatever JSON could hold. */
  record Anything(String what) implements Shape {
    @Override
    public String expected() {
      return what;
    }
  }
}
