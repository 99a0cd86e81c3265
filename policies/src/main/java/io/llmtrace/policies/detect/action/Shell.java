package io.llmtrace.policies.detect.action;

import java.util.List;

/** The shape of a shell command line. Spans are characters of the text that was parsed. */
final class Shell {
  private Shell() {}

  /**
   * A word after quotes, escapes and braces are undone.
   *
   * @param text a substitution inside stays as it was written
   * @param quoted whether any part of it was quoted or escaped
   * @param inner pipelines of the substitutions inside it
   */
  record Word(String text, int start, int end, boolean quoted, List<Pipeline> inner) {
    Word {
      inner = List.copyOf(inner);
    }
  }

  /**
   * A redirection.
   *
   * @param operator without the number before it, for example {@code >>}; {@code <<} for a here
   *     document, whose target is its text
   */
  record Redirect(String operator, Word target) {}

  /**
   * One simple command; a subshell is the word {@code (} with its pipelines inside.
   *
   * @param redirects not copied: a here document is read after the rest of its line
   */
  record Command(List<Word> words, List<Redirect> redirects, int start, int end) {
    Command {
      words = List.copyOf(words);
    }
  }

  /** Commands that are joined by pipes. */
  record Pipeline(List<Command> commands, int start, int end) {
    Pipeline {
      commands = List.copyOf(commands);
    }
  }
}
