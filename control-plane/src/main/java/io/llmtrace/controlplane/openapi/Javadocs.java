package io.llmtrace.controlplane.openapi;

import com.github.therapi.runtimejavadoc.ClassJavadoc;
import com.github.therapi.runtimejavadoc.Comment;
import com.github.therapi.runtimejavadoc.CommentFormatter;
import com.github.therapi.runtimejavadoc.MethodJavadoc;
import com.github.therapi.runtimejavadoc.ParamJavadoc;
import com.github.therapi.runtimejavadoc.RuntimeJavadoc;
import java.lang.reflect.Method;
import java.util.List;

/** What Javadoc says, as plain text; empty where it says nothing. Stateless. */
final class Javadocs {
  private static final CommentFormatter PLAIN = new CommentFormatter();

  private Javadocs() {}

  static String of(Class<?> type) {
    return text(RuntimeJavadoc.getJavadoc(type).getComment());
  }

  static String of(Method method) {
    return text(RuntimeJavadoc.getJavadoc(method).getComment());
  }

  /** What a method says of a parameter. */
  static String parameter(Method method, String name) {
    MethodJavadoc javadoc = RuntimeJavadoc.getJavadoc(method);
    return named(javadoc.getParams(), name);
  }

  /** What a record says of a component. */
  static String component(Class<?> type, String name) {
    ClassJavadoc javadoc = RuntimeJavadoc.getJavadoc(type);
    return named(javadoc.getRecordComponents(), name);
  }

  /** The first sentence, without its full stop and without marks: pages show it as it is. */
  static String summary(String marked) {
    String text = marked.replace("`", "");
    int end = text.indexOf(". ");
    String first = end < 0 ? text : text.substring(0, end);
    return first.endsWith(".") ? first.substring(0, first.length() - 1) : first;
  }

  private static String named(List<ParamJavadoc> params, String name) {
    return params.stream()
        .filter(each -> each.getName().equals(name))
        .map(each -> text(each.getComment()))
        .findFirst()
        .orElse("");
  }

  private static String text(Comment comment) {
    return PLAIN
        .format(comment)
        .replaceAll("(?s)<code>\\s*(.*?)\\s*</code>", "`$1`")
        .replaceAll("<[^>]*>", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
        .replaceAll("\\s+", " ")
        .strip();
  }
}
