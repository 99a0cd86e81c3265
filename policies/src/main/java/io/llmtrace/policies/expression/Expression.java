package io.llmtrace.policies.expression;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A checked expression as a tree. Immutable; as JSON it is what bundles carry. It says nothing of
 * types: {@link Program#link} finds them again from the leaves up, and refuses what does not fit.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "is")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Expression.Constant.class, name = "constant"),
  @JsonSubTypes.Type(value = Expression.Variable.class, name = "variable"),
  @JsonSubTypes.Type(value = Expression.Field.class, name = "field"),
  @JsonSubTypes.Type(value = Expression.Call.class, name = "call"),
  @JsonSubTypes.Type(value = Expression.Items.class, name = "items"),
  @JsonSubTypes.Type(value = Expression.Loop.class, name = "loop")
})
public sealed interface Expression {
  /** Types of constants. */
  enum Type {
    BOOL,
    INT,
    DOUBLE,
    STRING;

    private final String label = name().toLowerCase(Locale.ROOT);

    @JsonValue
    public String label() {
      return label;
    }
  }

  /** What a loop makes of its elements. */
  enum LoopKind {
    /** Whether the condition holds of one: {@code exists}. */
    EXISTS,
    /** Whether the condition holds of each: {@code all}. */
    ALL,
    /** Whether the condition holds of exactly one: {@code exists_one}. */
    EXISTS_ONE,
    /** Those of which the condition holds: {@code filter}. */
    FILTER,
    /** The value of each of which the condition, where there is one, holds: {@code map}. */
    MAP;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** The macro's name in CEL. */
    @JsonValue
    public String label() {
      return label;
    }
  }

  /** A constant; its text is as Java writes the value, a string without quotes. */
  record Constant(Type type, String text) implements Expression {}

  /** A variable of the environment, or of a loop around it. */
  record Variable(String name) implements Expression {}

  /**
   * A field of a finding, or a header.
   *
   * @param test whether only its being there is asked ({@code has(…)})
   */
  record Field(Expression of, String name, boolean test) implements Expression {}

  /**
   * A function or an operator.
   *
   * @param function its name, an operator as CEL writes it: {@code &&} and {@code ||} with two
   *     arguments or more, {@code []} for an element, {@code ?:} for a choice, {@code -} with one
   *     argument for a negation
   * @param arguments the receiver of a method is the first of them
   */
  record Call(String function, List<Expression> arguments) implements Expression {
    public Call {
      arguments = List.copyOf(arguments);
    }
  }

  /** A list. */
  record Items(List<Expression> items) implements Expression {
    public Items {
      items = List.copyOf(items);
    }
  }

  /**
   * What CEL's macros over lists are.
   *
   * @param each name of the variable that holds the element
   * @param over the list
   * @param condition null only where a {@code map} takes every element
   * @param value of {@code map} only, else null
   */
  record Loop(
      LoopKind kind,
      String each,
      Expression over,
      @Nullable Expression condition,
      @Nullable Expression value)
      implements Expression {}
}
