package io.llmtrace.policies.detect.signatures;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A set of signature rules, read from YAML and refused whole when one of them is wrong. Immutable,
 * but for what it keeps of its compilation; thread-safe. The format is described in {@code
 * docs/reference/signature-packs.md}.
 */
public final class SignaturePack {
  /** Packs that the product ships, in the order in which their rules run. */
  static final List<String> BUILT_IN =
      List.of(
          "override",
          "extraction",
          "persona",
          "framing",
          "delimiters",
          "encodings",
          "conversation",
          "documents",
          "exfiltration",
          "tools",
          "mcp",
          "languages-west",
          "languages-east",
          "indicators");

  /** The built-in pack, read when it is first asked for. */
  private static final class BuiltIn {
    static final SignaturePack PACK = merged(BUILT_IN.stream().map(BuiltIn::read).toList());

    private static SignaturePack read(String name) {
      String file = "/packs/" + name + ".yaml";
      try (InputStream in = SignaturePack.class.getResourceAsStream(file)) {
        if (in == null) {
          throw new IllegalStateException(file + " is missing from the jar");
        }
        String yaml = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        return new SignaturePack(name, PackReader.read(name, yaml, PackReader.Trust.BUILT_IN));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private final String name;
  private final List<SignatureRule> rules;
  private final Map<SignatureEngine, FinderChoice> choices = new EnumMap<>(SignatureEngine.class);
  private @Nullable SignatureProgram program;

  private SignaturePack(String name, List<SignatureRule> rules) {
    this.name = name;
    this.rules = List.copyOf(rules);
  }

  List<SignatureRule> rules() {
    return rules;
  }

  /** Ids of the rules, in the order in which they run. */
  public List<String> ruleIds() {
    return rules.stream().map(SignatureRule::id).toList();
  }

  /** The packs that the product ships, as one. */
  public static SignaturePack builtIn() {
    return BuiltIn.PACK;
  }

  /**
   * Reads a pack that somebody wrote, compiles its patterns and runs its cases. Every pack from
   * outside comes through here, so this is where patterns that would not end are refused.
   *
   * @param name what its findings name as their detector, behind {@code signatures:}
   * @throws PackException with every problem of the pack
   */
  public static SignaturePack parse(String name, String yaml) {
    return new SignaturePack(name, PackReader.read(name, yaml, PackReader.Trust.UPLOADED));
  }

  /**
   * Several packs as one, their rules in the order given.
   *
   * @throws PackException if two rules have the same id
   */
  public static SignaturePack merged(List<SignaturePack> packs) {
    List<PackException.Problem> problems = new ArrayList<>();
    Map<String, SignatureRule> known = new HashMap<>();
    for (SignaturePack pack : packs) {
      for (SignatureRule rule : pack.rules) {
        SignatureRule before = known.putIfAbsent(rule.id(), rule);
        if (before != null) {
          String where =
              before.shipped()
                  ? " by a rule that is shipped, in its pack "
                  : " in line " + before.line() + " of the pack ";
          problems.add(
              new PackException.Problem(
                  rule.pack(),
                  rule.line(),
                  rule.id(),
                  "id is used already" + where + before.pack() + "; write another"));
        }
      }
    }
    String name = String.join(", ", packs.stream().map(pack -> pack.name).toList());
    if (!problems.isEmpty()) {
      throw new PackException(name, problems);
    }
    return new SignaturePack(name, packs.stream().flatMap(pack -> pack.rules.stream()).toList());
  }

  /**
   * The pack without some of its rules; itself if there are none to leave out.
   *
   * @throws IllegalArgumentException for an id that no rule has
   */
  public SignaturePack without(Set<String> ids) {
    for (String id : ids) {
      if (rules.stream().noneMatch(rule -> rule.id().equals(id))) {
        throw new IllegalArgumentException("no rule '" + id + "' in " + name);
      }
    }
    return ids.isEmpty()
        ? this
        : new SignaturePack(name, rules.stream().filter(rule -> !ids.contains(rule.id())).toList());
  }

  public String name() {
    return name;
  }

  /** The rules made ready, once for all detectors of this pack. */
  synchronized SignatureProgram program() {
    if (program == null) {
      program = new SignatureProgram(rules);
    }
    return program;
  }

  /** The choice of an engine, once for all detectors of this pack: compiling takes seconds. */
  synchronized FinderChoice choice(SignatureEngine engine) {
    FinderChoice choice = choices.get(engine);
    if (choice == null) {
      choice = FinderChoice.make(program(), engine);
      choices.put(engine, choice);
    }
    return choice;
  }
}
