package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.parse.Letters;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What an argument is for, as its name says. The words of the name decide, the last one first:
 * {@code targetUrl}, {@code target_url} and {@code target-url} are all addresses.
 */
enum ArgumentKind {
  COMMAND,
  QUERY,
  /** Words for a search engine or a filter: a query where it reads like one, a value else. */
  SEARCH,
  ADDRESS,
  HOST,
  PATH,
  CODE,
  /** Text for people: it may speak of commands without being one. */
  PROSE,
  VALUE;

  private static final Set<String> COMMANDS =
      Set.of(
          "command",
          "commands",
          "cmd",
          "shell",
          "bash",
          "sh",
          "exec",
          "execute",
          "run",
          "powershell",
          "terminal",
          "cmdline",
          "commandline",
          "args",
          "argv",
          "script",
          "keystrokes");
  private static final Set<String> QUERIES = Set.of("sql", "statement", "stmt", "statements");
  private static final Set<String> SEARCHES =
      Set.of("query", "q", "search", "where", "filter", "keywords", "keyword", "question", "term");
  private static final Set<String> ADDRESSES =
      Set.of(
          "url",
          "urls",
          "uri",
          "href",
          "link",
          "links",
          "endpoint",
          "webhook",
          "callback",
          "src",
          "website",
          "site",
          "page",
          "origin");
  private static final Set<String> HOSTS =
      Set.of("host", "hostname", "ip", "domain", "server", "addr", "address");
  private static final Set<String> PATHS =
      Set.of(
          "path",
          "paths",
          "file",
          "files",
          "filename",
          "filepath",
          "dir",
          "directory",
          "folder",
          "cwd",
          "workdir",
          "dest",
          "destination",
          "template",
          "include",
          "attachment",
          "attachments");
  private static final Set<String> CODES =
      Set.of(
          "code",
          "source",
          "content",
          "contents",
          "patch",
          "diff",
          "snippet",
          "program",
          "python",
          "javascript",
          "str",
          "data",
          "expression");
  private static final Set<String> PROSES =
      Set.of(
          "message",
          "messages",
          "body",
          "text",
          "description",
          "comment",
          "comments",
          "prompt",
          "title",
          "summary",
          "note",
          "notes",
          "subject",
          "instructions",
          "reason",
          "explanation",
          "thought",
          "thoughts",
          "answer",
          "reply",
          "review",
          "feedback",
          "caption",
          "explain",
          "todo",
          "task",
          "plan",
          "objective",
          "header",
          "label",
          "goal",
          "old",
          "justification");

  /** Reads a name; {@link #VALUE} for one that says nothing. */
  static ArgumentKind of(String name) {
    List<String> words = words(name);
    for (int i = words.size() - 1; i >= 0; i--) {
      ArgumentKind kind = ofWord(words.get(i));
      if (kind != VALUE) {
        return kind;
      }
    }
    return VALUE;
  }

  private static ArgumentKind ofWord(String word) {
    if (COMMANDS.contains(word)) {
      return COMMAND;
    }
    if (QUERIES.contains(word)) {
      return QUERY;
    }
    if (SEARCHES.contains(word)) {
      return SEARCH;
    }
    if (ADDRESSES.contains(word)) {
      return ADDRESS;
    }
    if (HOSTS.contains(word)) {
      return HOST;
    }
    if (PATHS.contains(word)) {
      return PATH;
    }
    if (CODES.contains(word)) {
      return CODE;
    }
    return PROSES.contains(word) ? PROSE : VALUE;
  }

  private static List<String> words(String name) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < Math.min(name.length(), 100); i++) {
      char c = name.charAt(i);
      boolean hump = Character.isUpperCase(c) && i > 0 && Character.isLowerCase(name.charAt(i - 1));
      if (!Character.isLetter(c) || hump) {
        add(words, word);
      }
      if (Character.isLetter(c)) {
        word.append(c);
      }
    }
    add(words, word);
    return words;
  }

  private static void add(List<String> words, StringBuilder word) {
    if (word.length() > 0) {
      words.add(Letters.lower(word.toString()));
      word.setLength(0);
    }
  }
}
