package io.llmtrace.policies.detect;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * The taxonomy. Each type names its entry in the OWASP Top 10 for LLM Applications with the year of
 * the edition, its MITRE ATLAS technique and a CWE; an empty string where none fits.
 */
public enum FindingType {
  PROMPT_INJECTION(Group.ATTACK, "LLM01:2025", "AML.T0051.000", "CWE-1427"),
  INDIRECT_INJECTION(Group.ATTACK, "LLM01:2025", "AML.T0051.001", "CWE-1427"),
  JAILBREAK(Group.ATTACK, "LLM01:2025", "AML.T0054", "CWE-1427"),
  ROLE_INJECTION(Group.ATTACK, "LLM01:2025", "AML.T0051.000", "CWE-1427"),
  PROMPT_EXTRACTION(Group.ATTACK, "LLM07:2025", "AML.T0056", "CWE-200"),
  ENCODING_ATTACK(Group.ATTACK, "LLM01:2025", "AML.T0051", "CWE-116"),
  DELIMITER_INJECTION(Group.ATTACK, "LLM01:2025", "AML.T0051.000", "CWE-1427"),
  MULTI_TURN_ATTACK(Group.ATTACK, "LLM01:2025", "AML.T0054", "CWE-1427"),
  MANY_SHOT_ATTACK(Group.ATTACK, "LLM01:2025", "AML.T0054", "CWE-1427"),

  SECRET_LEAKAGE(Group.LEAK, "LLM02:2025", "AML.T0057", "CWE-798"),
  PII_DETECTED(Group.LEAK, "LLM02:2025", "AML.T0057", "CWE-359"),
  SYSTEM_PROMPT_LEAK(Group.LEAK, "LLM07:2025", "AML.T0056", "CWE-200"),
  CANARY_TOKEN_LEAKAGE(Group.LEAK, "LLM07:2025", "AML.T0056", "CWE-200"),
  DATA_EXFILTRATION(Group.LEAK, "LLM02:2025", "AML.T0024", "CWE-201"),

  SHELL_INJECTION(Group.ACTION, "LLM05:2025", "AML.T0053", "CWE-78"),
  SQL_INJECTION(Group.ACTION, "LLM05:2025", "AML.T0053", "CWE-89"),
  SSRF_ATTEMPT(Group.ACTION, "LLM06:2025", "AML.T0053", "CWE-918"),
  PATH_TRAVERSAL(Group.ACTION, "LLM05:2025", "AML.T0053", "CWE-22"),
  TOOL_NOT_ALLOWED(Group.ACTION, "LLM06:2025", "AML.T0053", "CWE-862"),
  MCP_TOOL_POISONING(Group.ACTION, "LLM03:2025", "AML.T0010", "CWE-829"),
  MCP_SHADOWING(Group.ACTION, "LLM03:2025", "AML.T0010", "CWE-829"),

  /** Weak code that a model wrote: advice. Each rule names its own CWE. */
  INSECURE_CODE(Group.CONTENT, "LLM05:2025", "", ""),
  TOXIC_CONTENT(Group.CONTENT, "", "", ""),
  /** What an answer says and the documents of its question do not. */
  UNGROUNDED_ANSWER(Group.CONTENT, "LLM09:2025", "", ""),
  /** A text that a policy looks for. */
  CUSTOM_PATTERN(Group.CONTENT, "", "", ""),

  RATE_LIMIT_EXCEEDED(Group.USE, "LLM10:2025", "AML.T0029", "CWE-770"),
  BUDGET_EXCEEDED(Group.USE, "LLM10:2025", "AML.T0034", "CWE-770"),
  COST_SPIKE(Group.USE, "LLM10:2025", "AML.T0034", ""),
  TOKEN_SPIKE(Group.USE, "LLM10:2025", "AML.T0034", ""),
  UNUSUAL_MODEL(Group.USE, "LLM10:2025", "", ""),
  REQUEST_SPIKE(Group.USE, "LLM10:2025", "AML.T0029", ""),
  ERROR_SPIKE(Group.USE, "", "", ""),
  FINDING_SPIKE(Group.USE, "", "", "");

  /** What kind of thing a type speaks of. */
  public enum Group {
    ATTACK,
    LEAK,
    ACTION,
    /** What an answer says that somebody should look at; on its own never a reason to block. */
    CONTENT,
    USE
  }

  private final Group group;
  private final String owasp;
  private final String atlas;
  private final String cwe;
  private final String label = name().toLowerCase(Locale.ROOT);

  FindingType(Group group, String owasp, String atlas, String cwe) {
    this.group = group;
    this.owasp = owasp;
    this.atlas = atlas;
    this.cwe = cwe;
  }

  public Group group() {
    return group;
  }

  /**
   * Whether it speaks of somebody who attacks: secrets, personal data and use do not, what a tool
   * is made to do and what is carried away does.
   */
  public boolean isAttack() {
    return group == Group.ATTACK || group == Group.ACTION || this == DATA_EXFILTRATION;
  }

  /** Whether it speaks of secrets or personal data, each of which may have to be replaced. */
  public boolean isSensitiveData() {
    return this == SECRET_LEAKAGE || this == PII_DETECTED;
  }

  /** OWASP Top 10 for LLM Applications, with its year, for example {@code LLM01:2025}. */
  public String owasp() {
    return owasp;
  }

  /** MITRE ATLAS technique, for example {@code AML.T0054}; empty where none fits. */
  public String atlas() {
    return atlas;
  }

  /** Common Weakness Enumeration id; empty where none fits. */
  public String cwe() {
    return cwe;
  }

  /** The name used on the wire, in packs and in metrics, for example {@code prompt_injection}. */
  @JsonValue
  public String label() {
    return label;
  }

  /**
   * Reads a wire name.
   *
   * @throws IllegalArgumentException for a name that the taxonomy does not have
   */
  @JsonCreator
  public static FindingType of(String label) {
    for (FindingType type : values()) {
      if (type.label.equals(label)) {
        return type;
      }
    }
    throw new IllegalArgumentException("unknown finding type '" + label + "'");
  }
}
