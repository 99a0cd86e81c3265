package io.llmtrace.runtime.config;

import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.MappedDialect;
import io.llmtrace.policies.exchange.MappingException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the list {@code plugin.dialects} and the files of mappings that it names. Used once. */
final class DialectsReader {
  private static final int MOST_FILES = 16;
  private static final long LARGEST_FILE = 1 << 20;

  private final Reading reading;
  private final ConfigSection section;
  private final Map<String, String> places = new HashMap<>();

  DialectsReader(Reading reading, ConfigSection section) {
    this.reading = reading;
    this.section = section;
  }

  /**
   * The APIs that the node knows.
   *
   * @param open whether the files are opened: only the process that reads traffic needs them
   */
  Dialects read(boolean open) {
    List<MappedDialect> mappings = new ArrayList<>();
    Map<Path, String> files = new HashMap<>();
    for (ConfigKeys.Item item : section.items("dialects", "paths of mappings", MOST_FILES)) {
      try {
        Path file = Path.of(item.text());
        String before = files.putIfAbsent(file.normalize(), item.path());
        if (before != null) {
          section.problem(item, "expected each file once, it is also " + before);
        } else if (open) {
          add(file, Utf8File.read(file, LARGEST_FILE), mappings);
        }
      } catch (InvalidPathException e) {
        section.problem(item, "expected a path (" + e.getReason() + ")");
      } catch (Utf8File.UnreadableException e) {
        section.problem(item, e.expectation() + " at " + item.text());
      }
    }
    return Dialects.with(mappings);
  }

  private void add(Path file, String yaml, List<MappedDialect> mappings) {
    try {
      for (MappedDialect mapping : MappedDialect.read(yaml)) {
        String here = file + ":" + mapping.line();
        String before = places.putIfAbsent(mapping.label(), here);
        if (before == null) {
          mappings.add(mapping);
        } else {
          reading.problemIn(
              file.toString(),
              mapping.line(),
              "name",
              "expected different names, '" + mapping.label() + "' is also in " + before);
        }
      }
    } catch (MappingException e) {
      for (MappingException.Problem problem : e.problems()) {
        reading.problemIn(file.toString(), problem.line(), problem.key(), problem.expectation());
      }
    }
  }
}
