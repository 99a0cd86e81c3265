package io.llmtrace.policies.detect.turns;

import io.llmtrace.policies.detect.parse.Needles;
import java.util.List;

/**
 * Whether a short text asks for something harmful, by its words. Far too coarse to judge a
 * question: it only tells whether the questions of a series are of one kind.
 */
final class Harm {
  /** Characters of a text that are read. */
  static final int LONGEST = 2000;

  private static final List<String> TOPICS =
      List.of(
          "bomb",
          "explosive",
          "molotov",
          "grenade",
          "napalm",
          "detonat",
          "methamphetamine",
          " meth ",
          "cocaine",
          "heroin",
          "fentanyl",
          "malware",
          "ransomware",
          "keylogger",
          "phishing",
          "botnet",
          "counterfeit",
          "poison",
          " kill ",
          "murder",
          "assassinat",
          " hack ",
          "hacking",
          "break into",
          "steal ",
          "weapon",
          "silencer",
          "launder",
          "kidnap",
          "stalk someone",
          "bioweapon",
          "anthrax",
          "ricin",
          "sarin",
          "nerve agent",
          "nerve gas",
          "traffick",
          "fake passport",
          "fake id",
          "forge a ",
          "pick a lock",
          "lockpick",
          "hotwire",
          "hot-wire",
          "blackmail",
          "extort",
          "ddos",
          "credit card fraud",
          "identity theft",
          "tax fraud",
          "insider trading",
          "arson",
          "shoplift",
          "torture",
          "smuggl",
          "bypass security",
          "disable an alarm",
          "spread a virus",
          "computer virus",
          "suicide",
          "self-harm",
          "bombe",
          "sprengstoff",
          "bomba",
          "explosif",
          "explosivo",
          "veneno",
          "gift herstell",
          "drogen herstell",
          "бомб",
          "взрывчат",
          " яд",
          "оружи",
          "炸弹",
          "毒药",
          "武器",
          "爆弾",
          "قنبلة",
          "बम");

  /** Words of a question that wants to prevent or to understand. */
  private static final List<String> INNOCENT =
      List.of(
          "prevent",
          "protect",
          "avoid",
          "detect",
          "defend",
          "report",
          "recover",
          "remove",
          "history of",
          "what is",
          "what are",
          "what was",
          " who ",
          " when ",
          " why ",
          "symptom",
          "legal",
          "treat",
          "recognise",
          "recognize",
          "safe from",
          "stop ",
          "against",
          "antidote",
          "support someone");

  private static final List<String> PROCEDURES =
      List.of(
          "how to",
          "how do",
          "how can",
          "how would",
          "how could",
          "how was",
          "how were",
          "steps",
          "step by step",
          "step-by-step",
          "instructions",
          "recipe",
          "guide",
          "tutorial",
          "build",
          "make ",
          "create",
          "write",
          "exact",
          "quantit",
          "ingredients",
          "materials",
          "in detail",
          "give me",
          "show me",
          "tell me",
          "wie ",
          "comment ",
          "cómo",
          "como ",
          "как ",
          "如何",
          "怎么",
          "怎样");

  private static final Needles TOPIC = Needles.lower(TOPICS, ' ');
  private static final Needles INNOCENCE = Needles.lower(INNOCENT, ' ');
  private static final Needles PROCEDURE = Needles.lower(PROCEDURES, ' ');

  private Harm() {}

  static boolean asksForHarm(String text) {
    return TOPIC.holdsAny(text, LONGEST) && !INNOCENCE.holdsAny(text, LONGEST);
  }

  static boolean speaksOfHarm(String text) {
    return TOPIC.holdsAny(text, LONGEST);
  }

  static boolean asksForProcedure(String text) {
    return PROCEDURE.holdsAny(text, LONGEST);
  }
}
