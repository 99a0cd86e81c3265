package io.llmtrace.controlplane;

import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.storage.SqlStates;
import io.llmtrace.controlplane.storage.StorageUnavailableException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns whatever went wrong into a problem that says no more than the caller may know. */
final class ProblemMapper implements ExceptionMapper<Throwable> {
  private static final Logger log = LoggerFactory.getLogger(ProblemMapper.class);

  private static final String NOT_ALLOWED = "42501";
  private static final String DATA_EXCEPTION = "22";
  private static final String CONSTRAINT = "23";

  @Override
  public Response toResponse(Throwable fault) {
    if (fault instanceof WebApplicationException web) {
      Response response = web.getResponse();
      if (response.hasEntity() || response.getStatus() < 400) {
        return response;
      }
      return Problem.builder(response.getStatus(), response.getStatusInfo().getReasonPhrase())
          .build();
    }
    String state = SqlStates.of(fault);
    if (state.startsWith(NOT_ALLOWED)) {
      // Row-level security or a missing grant: the statement is wrong, and would be next time.
      log.error("The database does not allow what a request does", fault);
      return Problem.builder(500, "internal error").build();
    }
    if (state.startsWith(DATA_EXCEPTION) || state.startsWith(CONSTRAINT)) {
      // Trying again would end the same way; the sender drops it and counts the loss.
      log.error("The database refused the data of a request", fault);
      return Problem.builder(422, "the database refuses these values").build();
    }
    if (fault instanceof StorageUnavailableException
        || fault instanceof ConnectionException
        || fault instanceof JdbiException) {
      log.warn("Storage failed under a request: {}", fault.toString());
      return Problem.builder(503, "storage is not available, try again")
          .header("Retry-After", "2")
          .build();
    }
    log.error("A request failed", fault);
    return Problem.builder(500, "internal error").build();
  }
}
