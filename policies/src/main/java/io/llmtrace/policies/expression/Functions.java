package io.llmtrace.policies.expression;

import com.google.re2j.Pattern;
import java.time.ZoneOffset;
import java.time.zone.ZoneRules;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Nodes for named functions. */
final class Functions {
  /** Every function, and how it is called. */
  static final Map<String, String> CALLS = calls();

  private Functions() {}

  private static Map<String, String> calls() {
    Map<String, String> calls = new LinkedHashMap<>();
    calls.put("size", "size(text or list)");
    calls.put("contains", "text.contains('part')");
    calls.put("startsWith", "text.startsWith('start')");
    calls.put("endsWith", "text.endsWith('end')");
    calls.put("matches", "text.matches('pattern')");
    calls.put("exists", "list.exists(each, condition)");
    calls.put("all", "list.all(each, condition)");
    calls.put("exists_one", "list.exists_one(each, condition)");
    calls.put("filter", "list.filter(each, condition)");
    calls.put("map", "list.map(each, value)");
    calls.put("has", "has(headers.name)");
    calls.put("timestamp", "timestamp('2027-01-31T00:00:00Z')");
    calls.put("duration", "duration('1h30m')");
    calls.put("int", "int(text or double)");
    calls.put("double", "double(text or int)");
    calls.put("string", "string(int)");
    for (Times.Part each : Times.Part.values()) {
      calls.put(each.function(), "now." + each.function() + "('Europe/Berlin')");
    }
    return java.util.Collections.unmodifiableMap(calls);
  }

  /** How a function is called; empty where there is none of the name. */
  static String advice(String function) {
    String call = CALLS.get(function);
    return call == null ? "" : "such as " + call;
  }

  /** Null where there is no such function for these. */
  static @Nullable Node node(Expression.Call call, List<Node> arguments) {
    if (arguments.isEmpty() || arguments.size() > 2) {
      return null;
    }
    Node first = arguments.get(0);
    if (arguments.size() == 1) {
      return switch (call.function()) {
        case "size" -> size(first);
        case "int" -> toInt(first);
        case "double" -> toReal(first);
        case "string" -> toText(first);
        case "timestamp", "duration" -> time(call, first);
        default -> part(call, first, null);
      };
    }
    Node second = arguments.get(1);
    return switch (call.function()) {
      case "contains" -> find(Texts.Find.Where.ANYWHERE, first, second);
      case "startsWith" -> find(Texts.Find.Where.START, first, second);
      case "endsWith" -> find(Texts.Find.Where.END, first, second);
      case "matches" -> matches(call, first, second);
      default -> part(call, first, second);
    };
  }

  private static @Nullable Node size(Node of) {
    if (of instanceof Node.Text text) {
      return new Texts.Length(text);
    }
    if (of instanceof Node.OfHeaders) {
      return new Headers.Size();
    }
    if (of instanceof Loops.Selection selection
        && selection.condition != null
        && selection.value == null) {
      return new Loops.Count(selection.head, selection.condition);
    }
    return of instanceof Node.Items list ? new Lists.Size(list) : null;
  }

  private static @Nullable Node toInt(Node of) {
    if (of.type == ValueType.INT) {
      return of;
    }
    if (of instanceof Node.Real number) {
      return new Numbers.RealToInt(number);
    }
    return of instanceof Node.Text text ? new Numbers.TextToInt(text) : null;
  }

  private static @Nullable Node toReal(Node of) {
    if (of instanceof Node.Int number && of.type == ValueType.INT) {
      return new Numbers.IntToReal(number);
    }
    if (of instanceof Node.Text text) {
      return new Numbers.TextToReal(text);
    }
    return of instanceof Node.Real ? of : null;
  }

  private static @Nullable Node toText(Node of) {
    if (of instanceof Node.Int number && of.type == ValueType.INT) {
      return new Texts.IntToText(number);
    }
    return of instanceof Node.Text ? of : null;
  }

  /** Constants only: what can be wrong with a time is said when the policy is read. */
  private static @Nullable Node time(Expression.Call call, Node of) {
    boolean timestamp = call.function().equals("timestamp");
    ValueType type = timestamp ? ValueType.TIMESTAMP : ValueType.DURATION;
    if (of.type == type) {
      return of;
    }
    if (!(of instanceof Node.Text)) {
      return null;
    }
    if (!(of instanceof Texts.Constant constant)) {
      throw new LinkException(
          call.arguments().get(0),
          call.function() + "() takes a text that is written out",
          advice(call.function()));
    }
    try {
      return new Numbers.IntConstant(
          type, timestamp ? Times.timestamp(constant.value) : Times.duration(constant.value));
    } catch (IllegalArgumentException e) {
      throw refused(call.arguments().get(0), e, advice(call.function()));
    }
  }

  private static LinkException refused(
      Expression at, IllegalArgumentException cause, String suggestion) {
    LinkException refused = new LinkException(at, String.valueOf(cause.getMessage()), suggestion);
    refused.initCause(cause);
    return refused;
  }

  private static @Nullable Node find(Texts.Find.Where where, Node text, Node part) {
    return text instanceof Node.Text a && part instanceof Node.Text b
        ? new Texts.Find(where, a, b)
        : null;
  }

  private static @Nullable Node matches(Expression.Call call, Node text, Node pattern) {
    if (!(text instanceof Node.Text of) || !(pattern instanceof Node.Text)) {
      return null;
    }
    Expression written = call.arguments().get(1);
    if (!(pattern instanceof Texts.Constant constant)) {
      throw new LinkException(
          written, "matches() takes a pattern that is written out", advice("matches"));
    }
    Pattern compiled;
    try {
      compiled = BoundedPattern.compile(constant.value);
    } catch (IllegalArgumentException e) {
      throw refused(written, e, "RE2's syntax: https://github.com/google/re2/wiki/Syntax");
    }
    return new Texts.Matches(of, compiled);
  }

  private static @Nullable Node part(Expression.Call call, Node time, @Nullable Node zone) {
    Times.Part part = Times.Part.of(call.function());
    if (part == null || !(time instanceof Node.Int of) || time.type != ValueType.TIMESTAMP) {
      return null;
    }
    if (zone == null) {
      return new Times.PartOf(part, of, ZoneOffset.UTC.getRules());
    }
    Expression written = call.arguments().get(1);
    if (!(zone instanceof Texts.Constant constant)) {
      throw new LinkException(
          written, "a time zone has to be written out", advice(call.function()));
    }
    ZoneRules rules;
    try {
      rules = Times.zone(constant.value);
    } catch (IllegalArgumentException e) {
      throw refused(written, e, "a name such as 'Europe/Berlin', or an offset such as '+02:00'");
    }
    return new Times.PartOf(part, of, rules);
  }
}
