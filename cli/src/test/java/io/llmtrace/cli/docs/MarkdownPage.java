package io.llmtrace.cli.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One Markdown file of the repository, as far as tests ask: its fences with the comment above each,
 * its links, and the anchors of its headings as GitHub makes them. Immutable.
 */
final class MarkdownPage {
  /** The repository, from the folder of the module in which tests run. */
  static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

  private static final Set<String> NOT_OURS = Set.of("target", "node_modules", "data");
  private static final Pattern FENCE = Pattern.compile("^ *(```+)\\s*([A-Za-z0-9_-]*).*$");
  private static final Pattern COMMENT = Pattern.compile("^ *<!-- (.*?) -->\\s*$");
  private static final Pattern HEADING = Pattern.compile("^(#{1,6})\\s+(.*?)\\s*#*$");
  private static final Pattern CODE = Pattern.compile("(`+).*?[^`]\\1(?!`)");
  private static final Pattern LINK =
      Pattern.compile("\\]\\(\\s*<?([^)\\s>]+)>?(?:\\s+\"[^\"]*\")?\\s*\\)");
  private static final Pattern DEFINITION =
      Pattern.compile("^ *\\[[^\\]]+\\]:\\s+<?(\\S+?)>?\\s*$");

  /**
   * A fenced block.
   *
   * @param line of its first fence, counted from 1
   * @param language what stands behind the fence, such as {@code bash}; may be empty
   * @param comment the text of the HTML comment directly above; empty without one
   * @param text its lines, without their common indentation
   */
  record Fence(int line, String language, String comment, String text) {
    boolean isShell() {
      return Set.of("bash", "sh", "console", "shell").contains(language);
    }
  }

  /** Where a link leads, and its line. */
  record Link(int line, String target) {}

  private final Path file;
  private final String text;
  private final List<Fence> fences = new ArrayList<>();
  private final List<Link> links = new ArrayList<>();
  private final Set<String> anchors = new LinkedHashSet<>();

  private MarkdownPage(Path file, String text) {
    this.file = file;
    this.text = text;
    read();
  }

  static MarkdownPage of(Path file) {
    try {
      return of(file, Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static MarkdownPage of(Path file, String text) {
    return new MarkdownPage(file, text);
  }

  /** All pages of the repository, by name. */
  static List<MarkdownPage> all() throws IOException {
    List<Path> files = new ArrayList<>();
    Files.walkFileTree(
        REPOSITORY,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            String name = folder.equals(REPOSITORY) ? "" : folder.getFileName().toString();
            return NOT_OURS.contains(name) || name.startsWith(".")
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path each, BasicFileAttributes attributes) {
            if (each.getFileName().toString().endsWith(".md")) {
              files.add(each);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return files.stream().sorted().map(MarkdownPage::of).toList();
  }

  private void read() {
    List<String> lines = text.lines().toList();
    Map<String, Integer> taken = new HashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      Matcher fence = FENCE.matcher(lines.get(i));
      if (fence.matches()) {
        i = fence(lines, i, fence.group(1), fence.group(2));
        continue;
      }
      Matcher heading = HEADING.matcher(lines.get(i));
      if (heading.matches()) {
        anchors.add(anchor(heading.group(2), taken));
      }
      links(i + 1, CODE.matcher(lines.get(i)).replaceAll("code"));
    }
  }

  /** Reads a block, and says where it ends. */
  private int fence(List<String> lines, int first, String mark, String language) {
    int indent = lines.get(first).indexOf('`');
    StringBuilder block = new StringBuilder();
    int i = first + 1;
    while (i < lines.size() && !lines.get(i).strip().equals(mark)) {
      String line = lines.get(i);
      int from = Math.min(indent, line.length() - line.stripLeading().length());
      block.append(line.substring(from)).append('\n');
      i++;
    }
    Matcher above = COMMENT.matcher(first == 0 ? "" : lines.get(first - 1));
    fences.add(
        new Fence(first + 1, language, above.matches() ? above.group(1) : "", block.toString()));
    return i;
  }

  private void links(int line, String prose) {
    for (Pattern pattern : List.of(LINK, DEFINITION)) {
      Matcher link = pattern.matcher(prose);
      while (link.find()) {
        links.add(new Link(line, link.group(1)));
      }
    }
  }

  /** As GitHub does: lower case, no punctuation, dashes for spaces, a number for a second one. */
  private static String anchor(String heading, Map<String, Integer> taken) {
    String shown = heading.replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1").replace("`", "");
    String name =
        shown
            .toLowerCase(Locale.ROOT)
            .replaceAll("[^\\p{L}\\p{M}\\p{N}_\\- ]", "")
            .replace(' ', '-');
    int before = taken.merge(name, 1, Integer::sum) - 1;
    return before == 0 ? name : name + "-" + before;
  }

  Path file() {
    return file;
  }

  /** Its path in the repository, such as {@code docs/faq.md}. */
  String name() {
    return REPOSITORY.relativize(file).toString();
  }

  String text() {
    return text;
  }

  List<Fence> fences() {
    return List.copyOf(fences);
  }

  List<Link> links() {
    return List.copyOf(links);
  }

  Set<String> anchors() {
    return Set.copyOf(anchors);
  }
}
