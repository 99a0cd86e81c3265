package io.llmtrace.policies.expression;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.StructType;
import java.util.Optional;

/** Tells CEL's checker what a finding has. */
final class FindingTypes implements CelTypeProvider {
  static final String NAME = "llmtrace.Finding";
  static final FindingTypes INSTANCE = new FindingTypes();

  private final StructType finding =
      StructType.create(
          NAME,
          ImmutableSet.copyOf(FindingFields.labels()),
          label ->
              Optional.ofNullable(FindingFields.of(label))
                  .map(field -> Expressions.celType(field.type())));

  private FindingTypes() {}

  @Override
  public ImmutableCollection<CelType> types() {
    return ImmutableList.of(finding);
  }

  @Override
  public Optional<CelType> findType(String name) {
    return name.equals(NAME) ? Optional.of(finding) : Optional.empty();
  }
}
