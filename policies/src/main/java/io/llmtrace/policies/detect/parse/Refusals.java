package io.llmtrace.policies.detect.parse;

import com.google.re2j.Pattern;
import java.util.List;

/**
 * Tells an answer that refuses by how it begins, in the languages that are asked most. A refusal
 * that comes after an answer is none: what was asked for has been given.
 */
public final class Refusals {
  /** Characters of an answer that are looked at. */
  public static final int BEGINNING = 300;

  private static final String VERBS =
      "(?:help(?:\\s+you)?\\s+(?:with|to|in|by|create|make|write|do)|help\\s*(?:you)?\\s*[.!,]|assist|comply"
          + "|provide|fulfil|support\\s+(?:that|this)|create|write|generate|share|answer\\s+(?:that|this)"
          + "|engage|participate|do\\s+(?:that|this)|give\\s+(?:you\\s+)?(?:instructions|information|advice)"
          + "|offer\\s+(?:instructions|guidance)|continue\\s+(?:with|this)|discuss|disclose|reveal|produce"
          + "|carry\\s+out|proceed|show\\s+you\\s+how|explain\\s+how)";

  private static final List<Beginning> BEGINNINGS =
      List.of(
          p(
              List.of("not", "unable", "must", "cant", "can?t", "wont", "won?t"),
              "\\b(?:i|we)\\s*(?:.?m\\s+(?:really\\s+|very\\s+)?(?:not\\s+able|unable)\\s+to|am\\s+(?:not\\s+able"
                  + "|unable)\\s+to|can\\s?not|can.?t|won.?t|will\\s+not|could\\s+not|must\\s+(?:decline|refuse)\\s+to)"
                  + "\\s+(?:\\w+\\s+)?"
                  + VERBS),
          p(
              List.of("sorry"),
              "^\\W*(?:i.?m\\s+|i\\s+am\\s+)?(?:very\\s+|so\\s+)?sorry,?\\s+(?:but\\s+)?(?:i|this|that)\\s*(?:can|am"
                  + "|.m\\s+(?:not|unable)|won|will\\s+not|must|request|is\\s+not\\s+something)"),
          p(
              List.of("decline", "refuse", "something", "comfortable", "against", "violate"),
              "\\bi\\s+(?:must|have\\s+to|need\\s+to)\\s+(?:decline|refuse)\\b|\\bthat.?s\\s+not\\s+something\\s+i\\s+can"
                  + "|\\bi\\s+don.?t\\s+feel\\s+comfortable\\b|\\b(?:against|violates?)\\s+my\\s+(?:programming|guidelines"
                  + "|principles|policies)"),
          p(
              List.of("not", "unable", "cant", "can?t"),
              "\\bas\\s+an?\\s+(?:ai|language\\s+model|assistant)[^.]{0,60}\\b(?:can\\s?not|can.?t|unable|not\\s+able)"),
          p(
              List.of("nicht"),
              "(?:tut\\s+mir\\s+leid|entschuldigung|leider)[^.!]{0,20}\\b(?:kann|darf)\\s+(?:ich|dir|ihnen)?[^.!]{0,60}\\bnicht"
                  + "|\\bkann\\s+ich\\s+(?:dir|ihnen)?\\s*(?:dabei\\s+|damit\\s+|hierbei\\s+)?nicht\\s+(?:helfen|unterst)"
                  + "|\\bich\\s+kann\\s+(?:dir|ihnen)?\\s*(?:dabei|damit|hierbei)[^.!]{0,20}nicht\\s+helfen"),
          p(
              List.of("peux", "suis"),
              "\\bje\\s+ne\\s+(?:peux|suis)\\s+pas\\s+(?:vous\\s+|t.?|en\\s+mesure|autoris\u00e9?|r\u00e9pondre|fournir|aider"
                  + "|cr\u00e9er)"),
          p(
              List.of("puedo"),
              "(?:lo\\s+siento|disculpa|lamento)[^.!]{0,25}\\bno\\s+puedo\\b|\\bno\\s+puedo\\s+(?:ayudar|proporcionar"
                  + "|cumplir|crear|generar|ofrecer)"),
          p(
              List.of("posso"),
              "(?:desculpe|sinto\\s+muito|lamento)[^.!]{0,25}\\bn\u00e3o\\s+posso\\b|\\bn\u00e3o\\s+posso\\s+(?:ajud|fornecer"
                  + "|criar|gerar|cumprir)"),
          p(
              List.of("posso"),
              "(?:mi\\s+dispiace|spiacente)[^.!]{0,25}\\bnon\\s+posso\\b|\\bnon\\s+posso\\s+(?:aiut|forni|crear|assist)"),
          p(
              List.of("niet"),
              "(?:het\\s+)?spijt\\s+me[^.!]{0,25}\\bkan\\b[^.!]{0,40}\\bniet\\b|\\bik\\s+kan\\s+(?:je|u)\\s+(?:hier|daar)[^.!]{0,20}"
                  + "niet\\s+helpen"),
          p(
              List.of("mog\u0119"),
              "\\bnie\\s+mog\u0119\\s+(?:pom\u00f3c|udzieli\u0107|tego|dostarczy\u0107)"),
          p(
              List.of("не"),
              "(?:извин|прост|к\\s+сожалению)[^.!]{0,25}не\\s+мо(?:гу|жем)|\\bя\\s+не\\s+могу\\s+(?:помо|предостав|выполн"
                  + "|созда|отве)"),
          p(
              List.of("olamam", "edemem", "layamam", "yapamam", "veremem"),
              "(?:üzgünüm|maalesef)[^.!]{0,60}(?:yard\u0131mc\u0131\\s+olamam|edemem|sa\u011flayamam|yapamam|veremem)"),
          p(
              List.of("无法", "不能", "不可以", "没办法"),
              "^\\W*(?:很?抱歉|对不起|不好意思)[^。！]{0,12}(?:无法|不能|不可以|没办法)|^\\W*我(?:无法|不能)(?:帮|提供|协助|满足|回答|生成)"),
          p(
              List.of("でき", "かねます"),
              "(?:申し訳|すみません)[^。]{0,40}(?:できません|お答えでき|お手伝いでき|いたしかねます)|(?:お手伝い|お答え|ご提供)(?:することは)?でき(?:かね)?ません"),
          p(List.of("없", "어렵"), "(?:죄송|미안)[^.]{0,40}(?:없습니다|어렵습니다|수 없)"),
          p(
              List.of("لا"),
              "(?:عذر|آسف|أعتذر)[^.]{0,30}(?:لا\\s+(?:أستطيع|يمكنني)|لا\\s+أقدر)|^\\W*لا\\s+(?:أستطيع|يمكنني)\\s+(?:مساعد|تقديم)"),
          p(
              List.of("सकत", "असमर्थ"),
              "(?:क्षमा|माफ|माफ़)[^।]{0,60}(?:नहीं\\s+(?:कर|दे)\\s+सकत|असमर्थ)"));

  private static final List<String> WORDS =
      BEGINNINGS.stream().flatMap(each -> each.needs().stream()).distinct().toList();
  private static final Needles NEEDS = Needles.folded(WORDS);

  /** For each beginning, the bits of what it needs. */
  private static final long[] MASKS = BEGINNINGS.stream().mapToLong(Beginning::mask).toArray();

  private Refusals() {}

  /**
   * A way to refuse.
   *
   * @param needs texts of which a match holds at least one, in lower case; a question mark stands
   *     for any character
   */
  private record Beginning(Pattern pattern, List<String> needs) {
    long mask() {
      return needs.stream().mapToLong(need -> 1L << WORDS.indexOf(need)).reduce(0, (a, b) -> a | b);
    }

    boolean matches(String beginning) {
      return pattern.matcher(beginning).find();
    }
  }

  private static Beginning p(List<String> needs, String pattern) {
    return new Beginning(Pattern.compile("(?i)(?:" + pattern + ")"), needs);
  }

  /** Whether an answer refuses what it was asked for. */
  public static boolean isRefusal(String answer) {
    // Most answers hold no word of a refusal, and looking for words is a hundred times cheaper.
    long words = NEEDS.which(answer, BEGINNING);
    if (words == 0) {
      return false;
    }
    String beginning = answer.substring(0, Math.min(answer.length(), BEGINNING));
    for (int i = 0; i < MASKS.length; i++) {
      if ((words & MASKS[i]) != 0 && BEGINNINGS.get(i).matches(beginning)) {
        return true;
      }
    }
    return false;
  }

  /** The same without looking for words first; for the test that both agree. */
  static boolean isRefusalByPatterns(String answer) {
    String beginning = answer.substring(0, Math.min(answer.length(), BEGINNING));
    return BEGINNINGS.stream().anyMatch(each -> each.pattern().matcher(beginning).find());
  }
}
