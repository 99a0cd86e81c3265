package io.llmtrace.controlplane.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.jdbi.v3.core.HandleConsumer;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What goes wrong in the database is logged, whole: no value of a row may be in it. */
@ExtendWith(TestStorage.Extension.class)
class StatementMessagesTest {
  private static final String VALUE = "jane.doe@example.com";
  private static TestStorage storage;

  @BeforeAll
  static void use(TestStorage given) {
    storage = given;
    storage.jdbi().useHandle(handle -> handle.execute("CREATE TABLE said (it text PRIMARY KEY)"));
  }

  @Test
  void a_message_names_the_statement_and_no_value_of_it() {
    String said = insertTwice();

    assertThat(said).contains("INSERT INTO said VALUES (:it)").contains("said_pkey");
    assertThat(said).doesNotContain(VALUE);
  }

  /** The driver writes a statement of a batch out with its values, unless it is told not to. */
  @Test
  void norDoesThatOfABatch() {
    String said =
        said(
            handle -> {
              PreparedBatch batch = handle.prepareBatch("INSERT INTO said VALUES (:it)");
              batch.bind("it", VALUE).add();
              batch.bind("it", VALUE).add();
              int[] unused = batch.execute();
            });

    assertThat(said).contains("said_pkey").doesNotContain(VALUE);
  }

  private static String insertTwice() {
    return said(
        handle -> {
          for (int i = 0; i < 2; i++) {
            int unused =
                handle.createUpdate("INSERT INTO said VALUES (:it)").bind("it", VALUE).execute();
          }
        });
  }

  /** What the log would have of a fault: the whole trace. */
  private static String said(HandleConsumer<RuntimeException> work) {
    Throwable fault = catchThrowable(() -> storage.jdbi().useTransaction(work));
    StringWriter text = new StringWriter();
    fault.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
