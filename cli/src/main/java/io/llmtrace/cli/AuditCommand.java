package io.llmtrace.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.controlplane.audit.AuditChain;
import io.llmtrace.controlplane.audit.AuditEntry;
import io.llmtrace.policies.json.WireJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code audit verify}: checks an exported audit without the service that wrote it. */
@Command(
    name = "audit",
    description = "Checks the audit of a control plane.",
    mixinStandardHelpOptions = true)
final class AuditCommand {
  @Spec
  @SuppressWarnings("NullAway.Init") // set by picocli before any method runs
  private CommandSpec spec;

  @Command(
      name = "verify",
      description =
          "Checks the hash chain of a file that GET /api/v1/audit/export gave an admin of all"
              + " tenants. Ends with 1 if the chain is broken.",
      mixinStandardHelpOptions = true)
  int verify(
      @Parameters(paramLabel = "FILE", description = "The export, one JSON object a line.")
          Path file,
      @Option(
              names = "--anchor",
              paramLabel = "SEQ:HASH",
              description =
                  "A head that was noted earlier, to see that the end was not cut off and the chain"
                      + " not made anew.")
          @Nullable String anchor) {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    AuditChain chain = new AuditChain(anchor == null ? null : head(anchor));
    long line = 0;
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      for (String text = lines.readLine(); text != null; text = lines.readLine()) {
        line++;
        AuditEntry entry = WireJson.mapper().readValue(text, AuditEntry.class);
        if (entry == null) {
          return noRow(err, file, line);
        }
        chain.accept(entry);
      }
    } catch (JsonProcessingException e) {
      LoggerFactory.getLogger(AuditCommand.class).debug("Not a row", e);
      return noRow(err, file, line);
    } catch (IOException e) {
      err.println(file + ": cannot be read: " + e.getMessage());
      return 2;
    }
    AuditChain.Verdict verdict = chain.verdict();
    out.println(verdict.entries() + " rows, head " + verdict.head());
    out.println(verdict.intact() ? "intact" : "BROKEN: " + verdict.fault());
    out.flush();
    return verdict.intact() ? 0 : 1;
  }

  private static int noRow(PrintWriter err, Path file, long line) {
    err.println(file + ":" + line + ": expected a row of an audit export");
    return 2;
  }

  private AuditChain.Head head(String anchor) {
    try {
      return AuditChain.Head.parse(anchor);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--anchor: " + e.getMessage(), e);
    }
  }
}
