package io.llmtrace.policies.expression;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;

/** A checked expression as a tree. Immutable; as JSON it is what bundles carry. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "is")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Expression.Constant.class, name = "constant"),
  @JsonSubTypes.Type(value = Expression.Variable.class, name = "variable"),
  @JsonSubTypes.Type(value = Expression.Field.class, name = "field"),
  @JsonSubTypes.Type(value = Expression.Call.class, name = "call"),
  @JsonSubTypes.Type(value = Expression.Items.class, name = "items"),
  @JsonSubTypes.Type(value = Expression.Fold.class, name = "fold")
})
public sealed interface Expression {
  /** Types of constants. */
  enum Type {
    NULL,
    BOOL,
    INT,
    DOUBLE,
    STRING
  }

  /** A constant; its text is as CEL writes it, a string without quotes. */
  record Constant(Type type, String text) implements Expression {}

  /** A variable of the environment, or of a fold around it. */
  record Variable(String name) implements Expression {}

  /**
   * A field of a value, or an entry of a map.
   *
   * @param test whether only its being there is asked ({@code has(…)})
   */
  record Field(Expression of, String name, boolean test) implements Expression {}

  /** A function or an operator, by the id of its overload as CEL's checker resolved it. */
  record Call(String overload, List<Expression> arguments) implements Expression {
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

  /** What CEL's macros ({@code exists}, {@code all}, {@code filter}, …) become. */
  record Fold(
      String each,
      Expression range,
      String sum,
      Expression start,
      Expression goesOn,
      Expression step,
      Expression result)
      implements Expression {}
}
