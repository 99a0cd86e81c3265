package io.llmtrace.policies.yaml;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;

/** A shape as tables in Markdown, for people. Used once. */
public final class Reference {
  private final Deque<Shape.Section> next = new ArrayDeque<>();
  private final Set<String> seen = new LinkedHashSet<>();
  private final StringBuilder out = new StringBuilder();

  private Reference() {}

  /** A table for each section, the file's own first; each ends with a line feed. */
  public static String of(Shape.Section file) {
    Reference reference = new Reference();
    reference.later(file);
    while (!reference.next.isEmpty()) {
      reference.table(reference.next.remove());
    }
    return reference.out.toString();
  }

  private void later(Shape.Section section) {
    if (seen.add(section.name())) {
      next.add(section);
    }
  }

  private void table(Shape.Section section) {
    out.append(out.isEmpty() ? "" : "\n")
        .append("#### Keys of ")
        .append(section.one())
        .append("\n\n");
    out.append("| key | value | meaning |\n| --- | --- | --- |\n");
    for (Shape.Key key : section.keys()) {
      out.append("| `")
          .append(key.name())
          .append('`')
          .append(key.need() == Shape.Need.REQUIRED ? " (required)" : "")
          .append(" | ")
          .append(value(key.shape()))
          .append(" | ")
          .append(key.doc())
          .append(" |\n");
    }
  }

  private String value(Shape shape) {
    if (shape instanceof Shape.Section section) {
      later(section);
      return link(section);
    } else if (shape instanceof Shape.Items items) {
      String single = items.single() == Shape.Single.ACCEPTED ? ", or one alone" : "";
      return "list, each: " + value(items.each()) + "; at most " + items.most() + single;
    } else if (shape instanceof Shape.Entries entries) {
      return "by " + plain(entries.key()) + ": " + value(entries.value());
    } else if (shape instanceof Shape.Either either) {
      return value(either.section()) + "; or " + value(either.items());
    }
    return plain(shape);
  }

  private static String plain(Shape shape) {
    if (shape instanceof Shape.Choice choice) {
      return choice.words().size() <= 12
          ? "`" + String.join("`, `", choice.words()) + "`"
          : choice.what();
    }
    if (shape instanceof Shape.Text text && text.form().isEmpty()) {
      return text.expected() + ", at most " + text.longest() + " characters";
    }
    return shape.expected();
  }

  private static String link(Shape.Section section) {
    return "[" + section.name() + "](#keys-of-" + section.one().replace(' ', '-') + ")";
  }
}
