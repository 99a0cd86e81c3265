package io.llmtrace.policies.detect.tools;

import com.google.re2j.Pattern;
import io.llmtrace.policies.detect.parse.Letters;
import java.util.List;

/**
 * What makes a description an instruction. None of these alone is proof: descriptions say what to
 * do first and what not to show all the time. Weights were set by hand on definitions of well-known
 * servers and of published attacks (Invariant Labs, "MCP tool poisoning", 2025), and a sum decides.
 */
enum PoisonSignal {
  /** What the user is not to know. */
  CONCEAL(
      0.45,
      List.of(
          "user",
          "human",
          "customer",
          "anyone",
          "mention",
          "silently",
          "secretly",
          "covertly",
          "quietly",
          "nutzer",
          "utilisateur",
          "usuario",
          "\u7528\u6237"),
      "(?:do not|don.?t|never|must not|without|avoid)\\s+(?:\\w+\\s+){0,2}(?:(?:tell|inform|notify|alert)"
          + "(?:ing)?\\s+(?:the\\s+|any\\s+)?(?:user|human|customer|anyone)|(?:mention|reveal|disclose)(?:ing)?"
          + "\\s+[^.\\n]{0,40}\\bto\\s+(?:the\\s+)?(?:user|human|customer|anyone))"
          + "|(?:user|human)s?\\s+(?:must|should|may|need|does|do)\\s*(?:not|n.t)\\s+(?:to\\s+)?(?:know|see"
          + "|be\\s+(?:told|informed|aware|notified))"
          + "|(?:keep|hide)\\s+(?:this|it|that)\\b[^.\\n]{0,30}\\bfrom\\s+the\\s+(?:user|human)"
          + "|\\b(?:silently|secretly|covertly|quietly)\\s+(?:send|read|forward|copy|include|append|call|add"
          + "|upload|pass)"
          + "|(?:do not|don.?t|never)\\s+mention\\s+(?:this|that|these|it)\\b"
          + "|(?:sag|erz\u00e4hl|erw\u00e4hn)\\w*\\b[^.\\n]{0,30}\\b(?:benutzer|nutzer)\\w*\\b[^.\\n]{0,20}\\bnicht"
          + "|(?:ne\\s+(?:dis|dites|mentionne\\w*)|sans\\s+(?:dire|informer))\\b[^.\\n]{0,40}\\butilisateur"
          + "|(?:no\\s+(?:le\\s+)?(?:digas|menciones|informes)|sin\\s+(?:decir|informar))\\b[^.\\n]{0,30}\\busuario"
          + "|(?:\u4e0d\u8981|\u522b)(?:\u544a\u8bc9|\u63d0\u53ca|\u901a\u77e5)[^\u3002\\n]{0,10}\u7528\u6237"),

  /** A file that holds keys. */
  SECRET_FILE(
      0.3,
      List.of(
          ".ssh",
          "id_",
          ".aws",
          "mcp.json",
          ".env",
          "/etc/",
          ".kube",
          ".netrc",
          "claude_desktop",
          ".git-cred",
          ".npmrc",
          ".bash_h"),
      "\\.ssh\\b|\\bid_(?:rsa|ed25519|ecdsa)|\\.aws/credentials|\\bmcp\\.json|\\.env\\b|/etc/(?:passwd|shadow)"
          + "|\\.kube/config|\\.netrc\\b|claude_desktop_config|\\.git-credentials|\\.npmrc\\b|\\.bash_history"),

  /** What the model knows and the tool has no need of. */
  SECRET_KNOWLEDGE(
      0.2,
      List.of(
          "history",
          "messages",
          "conversation",
          "system",
          "environment",
          "key",
          "token",
          "credential",
          "password",
          "all "),
      "\\b(?:conversation|chat|message)\\s+history|\\b(?:all|every|entire|full|previous)\\s+(?:previous\\s+)?"
          + "(?:messages|conversation)|\\bsystem\\s+(?:prompt|message|instructions)"
          + "|\\benvironment\\s+variables|\\b(?:api|private|access|secret)\\s+(?:keys?|tokens?)"
          + "|\\bcredentials\\b|\\bpasswords?\\b|\\ball\\s+(?:the\\s+)?(?:files|tools)\\b"),

  /** The content of something is to be taken along. */
  TAKE(
      0.2,
      List.of(
          ".ssh",
          "id_rsa",
          "mcp.json",
          ".env",
          "credentials",
          "history",
          "/etc/",
          ".aws",
          "variables",
          "system prompt"),
      "\\b(?:read|open|load|collect|gather|cat|fetch|access|retrieve)\\b[^.\\n]{0,60}(?:\\.ssh|id_rsa|mcp\\.json"
          + "|\\.env\\b|credentials|history|/etc/|\\.aws|variables|system prompt)"),

  /** It is to become an argument. */
  AS_ARGUMENT(
      0.3,
      List.of("pass", "param", "argument", "field", "sidenote"),
      "\\bpass\\s+(?:its|the|their|that|this|it|them)\\b[^.\\n]{0,40}\\b(?:as|in|into|to|via)\\b"
          + "|\\b(?:put|place|include|insert|append|provide|supply)\\b[^.\\n]{0,60}\\b(?:in|into|as)\\s+(?:the\\s+)?"
          + "[\"'`]?\\w+[\"'`]?\\s+(?:parameter|argument|field|param)\\b|\\bsidenote\\b"),

  /** Something is to be done before or around the tool. */
  FIRST(
      0.3,
      List.of("before", "prior to", "whenever", "after", "every time", "must"),
      "\\b(?:before|prior to|whenever|after|every time)\\b[^.\\n]{0,20}\\b(?:us|call|invok|runn|execut)ing\\s+"
          + "(?:this|the|any|other|another)\\b|\\bbefore\\s+(?:you\\s+)?(?:use|call|invoke)\\b"
          + "|\\bmust\\s+(?:first|always\\s+first)\\b|\\bbefore\\s+(?:doing\\s+)?any(?:thing|\\s+other)\\b"),

  /** A threat, so that it is done. */
  OR_ELSE(
      0.25,
      List.of("otherwise", "or"),
      "\\b(?:otherwise|or else|or)\\b[^.\\n]{0,20}\\b(?:tool|application|system|server|it)\\b[^.\\n]{0,20}\\b"
          + "(?:will|does|won.?t|may)\\b[^.\\n]{0,20}\\b(?:work|crash|fail|break|lock)"),

  /** Marks that only a model takes for more than text. */
  TAG(
      0.25,
      List.of("<"),
      "</?\\s*(?:important|hidden|secret|critical|instructions?|admin|internal)\\s*>"),

  /** Marks of a chat template. */
  TEMPLATE(
      0.6,
      List.of("<|", "inst]", "sys>>", "system>"),
      "<\\|(?:im_start|system|user|assistant|endoftext)|\\[/?INST\\]|<</?SYS>>|</?system>"),

  OVERRIDE(
      0.6,
      List.of("ignor", "disregard", "forget", "overrid", "supersede"),
      "\\b(?:ignore|disregard|forget|override|supersede)s?\\b[^.\\n]{0,20}\\b(?:previous|prior|above|earlier|other"
          + "|existing|all|any|system|user)\\b[^.\\n]{0,20}\\b(?:instructions?|rules?|prompts?|guidelines|tools?"
          + "|polic(?:y|ies)|definitions?)"),

  /** An address that things are to be sent to. */
  SEND(
      0.3,
      List.of("http", "@"),
      "\\b(?:send|post|forward|upload|bcc|cc|transmit|report|exfiltrate|deliver)\\w*\\b[^\\n]{0,80}"
          + "(?:https?://|[\\w.+-]+@[\\w-]+\\.[a-z]{2,})"),

  /** Characters that nobody sees; found by {@link HiddenText}. */
  INVISIBLE(0.85, List.of(), ""),

  /** Text behind more white space than a screen is wide; found by {@link HiddenText}. */
  FAR_AWAY(0.4, List.of(), "");

  final double weight;
  final Pattern pattern;

  /** The pattern is tried on texts that hold one of these in lower case. */
  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> literals;

  PoisonSignal(double weight, List<String> literals, String pattern) {
    this.weight = weight;
    this.literals = literals;
    this.pattern = Pattern.compile(pattern.isEmpty() ? "$^x" : "(?i)(?:" + pattern + ")");
  }

  boolean mayMatch(String lower) {
    return Letters.containsAny(lower, literals);
  }
}
