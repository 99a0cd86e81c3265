package io.llmtrace.policies.detect.turns;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.parse.Letters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds a dialogue that is written inside one text: lines that begin with who speaks. */
final class FauxDialogue {
  static final int MOST_PAIRS = 5000;
  private static final int LONGEST_LABEL = 24;
  private static final int SHOWN = 400;

  private static final Set<String> ASKS =
      Set.of(
          "user",
          "human",
          "q",
          "question",
          "person",
          "customer",
          "me",
          "you",
          "input",
          "instruction",
          "prompt",
          "usuario",
          "utilisateur",
          "benutzer",
          "nutzer",
          "usuário",
          "utente",
          "gebruiker",
          "пользователь",
          "用户",
          "问",
          "ユーザー",
          "사용자",
          "المستخدم",
          "kullanıcı",
          "frage",
          "pregunta");

  private static final Set<String> ANSWERS =
      Set.of(
          "assistant",
          "ai",
          "a",
          "answer",
          "bot",
          "chatbot",
          "model",
          "gpt",
          "chatgpt",
          "claude",
          "response",
          "output",
          "asistente",
          "assistent",
          "assistente",
          "ассистент",
          "助手",
          "答",
          "アシスタント",
          "어시스턴트",
          "المساعد",
          "asistan",
          "antwort",
          "respuesta",
          "réponse");

  /** Marks of chat templates that stand for a label. */
  private static final Map<String, Boolean> MARKS =
      Map.of(
          "<|user|>", true,
          "<|im_start|>user", true,
          "[inst]", true,
          "<user>", true,
          "<|assistant|>", false,
          "<|im_start|>assistant", false,
          "[/inst]", false,
          "<assistant>", false);

  private FauxDialogue() {}

  /**
   * A question and its answer, each cut to what tells them apart.
   *
   * @param start first character of the question's label
   */
  record Pair(String question, String answer, int start) {}

  static List<Pair> pairs(String text, InspectionBudget budget) {
    List<Pair> pairs = new ArrayList<>();
    StringBuilder question = new StringBuilder();
    StringBuilder answer = new StringBuilder();
    boolean answering = false;
    int start = -1;
    int at = 0;
    int lines = 0;
    while (at < text.length() && pairs.size() < MOST_PAIRS) {
      if ((++lines & 511) == 0 && budget.spent()) {
        break;
      }
      int end = text.indexOf('\n', at);
      end = end < 0 ? text.length() : end;
      Label label = label(text, at, end);
      if (label == null) {
        append(start < 0 ? null : answering ? answer : question, text, at, end);
      } else if (label.asks()) {
        add(pairs, question, answer, start);
        start = at;
        answering = false;
        append(question, text, label.end(), end);
      } else if (start >= 0) {
        answering = true;
        append(answer, text, label.end(), end);
      }
      at = end + 1;
    }
    add(pairs, question, answer, start);
    return pairs;
  }

  private static void append(@Nullable StringBuilder to, String text, int from, int end) {
    if (to != null && to.length() < SHOWN && from < end) {
      to.append(text, from, Math.min(end, from + SHOWN)).append(' ');
    }
  }

  private static void add(
      List<Pair> pairs, StringBuilder question, StringBuilder answer, int start) {
    if (start >= 0 && !question.toString().isBlank() && !answer.toString().isBlank()) {
      pairs.add(new Pair(question.toString().strip(), answer.toString().strip(), start));
    }
    question.setLength(0);
    answer.setLength(0);
  }

  private record Label(boolean asks, int end) {}

  private static @Nullable Label label(String text, int from, int end) {
    int i = from;
    while (i < end
        && (Character.isWhitespace(text.charAt(i)) || "*#->_".indexOf(text.charAt(i)) >= 0)) {
      i++;
    }
    if (!mayBeLabel(text, i, end)) {
      return null;
    }
    String head = Letters.lower(text.substring(i, Math.min(end, i + LONGEST_LABEL)));
    if (isMark(head.charAt(0))) {
      for (Map.Entry<String, Boolean> mark : MARKS.entrySet()) {
        if (head.startsWith(mark.getKey())) {
          return new Label(mark.getValue(), i + mark.getKey().length());
        }
      }
    }
    int colon = head.indexOf(':');
    int wide = head.indexOf('\uFF1A');
    colon = colon < 0 ? wide : wide < 0 ? colon : Math.min(colon, wide);
    if (colon <= 0) {
      return null;
    }
    String name = bare(head, colon);
    return ASKS.contains(name)
        ? new Label(true, i + colon + 1)
        : ANSWERS.contains(name) ? new Label(false, i + colon + 1) : null;
  }

  /** Most lines are none, and are told by a look. */
  private static boolean mayBeLabel(String text, int from, int end) {
    if (from < end && isMark(text.charAt(from))) {
      return true;
    }
    int limit = Math.min(end, from + LONGEST_LABEL);
    for (int i = from; i < limit; i++) {
      if (text.charAt(i) == ':' || text.charAt(i) == '\uFF1A') {
        return true;
      }
    }
    return false;
  }

  private static boolean isMark(char first) {
    return first == '<' || first == '[';
  }

  /** A label without its number and its stars: {@code **User 12} is {@code user}. */
  private static String bare(String label, int length) {
    int end = length;
    while (end > 0 && !Character.isLetter(label.charAt(end - 1))) {
      end--;
    }
    return label.substring(0, end);
  }
}
