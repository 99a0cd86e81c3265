package io.llmtrace.controlplane.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.ws.rs.WebApplicationException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** No body of the API sets what its reader does not ask for, whatever reader it is. */
class MassAssignmentTest {
  private static final List<String> NEVER_A_CALLERS =
      List.of("id", "hash", "salt", "lineage", "created_by", "created_at", "revoked_at", "by");

  @Test
  void aFieldThatNobodyAsksForIsRefusedByEveryReader() throws IOException {
    List<BodyFields> readers = BodyReaders.all();
    assertThat(readers).hasSizeGreaterThan(15);
    for (BodyFields reader : readers) {
      JsonBody body =
          JsonBody.read(
              new ByteArrayInputStream(
                  "{\"not_asked_for\":true}".getBytes(StandardCharsets.UTF_8)));
      // Some refuse as soon as they have read, because their next step needs what is required.
      assertThatThrownBy(
              () -> {
                reader.read(body);
                body.finish();
              })
          .as(reader.getClass().getName())
          .isInstanceOfSatisfying(
              WebApplicationException.class,
              refused -> assertThat(errors(refused)).contains("/not_asked_for"));
    }
  }

  /** The id of a tenant, a price, a budget is its name, and is said once: when it is made. */
  @Test
  void whatTheServiceSetsItselfIsInNoBody() {
    for (BodyFields reader : BodyReaders.all()) {
      JsonNode fields = BodyShape.of(reader).path("properties");
      for (String name : NEVER_A_CALLERS) {
        boolean named = fields.has(name);
        boolean ofNew = name.equals("id") && reader.getClass().getName().contains("New");
        assertThat(named && !ofNew).as(reader.getClass().getName() + " " + name).isFalse();
      }
    }
  }

  private static String errors(WebApplicationException refused) {
    try {
      return new ObjectMapper().writeValueAsString(refused.getResponse().getEntity());
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }
}
