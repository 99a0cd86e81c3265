package io.llmtrace.cli.bench.controlplane;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.usage.UsageSource;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/**
 * Batches as plugins send them: of 20 tenants with 200 consumers and 5 agents each, 10 routes and 6
 * models, a tenth of the exchanges with a finding. An exchange's completion comes a batch after its
 * inspection. The same seed gives the same but for ids and times.
 */
public final class SampleBatches {
  /** Exchanges of a batch. */
  public static final int EXCHANGES_OF_A_BATCH = 100;

  static final String[] MODELS = {
    "gpt-4o", "gpt-4o-mini", "claude-sonnet-4", "gemini-2.5-pro", "llama3", "mistral-large"
  };

  static final String[] PROVIDERS = {
    "openai", "openai", "anthropic", "gemini", "ollama", "mistral"
  };

  /** Of whom exchanges are: each tenant has so many consumers and agents of its own. */
  record Population(int tenants, int routes, int consumers, int agents) {}

  private final Ulid ids = new Ulid();
  private final Random random;
  private final Population population;

  /** Batches of the usual population. */
  public SampleBatches(long seed) {
    this(seed, new Population(20, 10, 200, 5));
  }

  SampleBatches(long seed, Population population) {
    this.random = new Random(seed);
    this.population = population;
  }

  /**
   * What one node sends, each batch packed.
   *
   * @param batches batches with new exchanges; one more has the last completions
   */
  public List<byte[]> of(String node, String bootId, int batches) throws IOException {
    List<byte[]> packed = new ArrayList<>();
    List<TelemetryRecord> answers = List.of();
    for (int sequence = 1; sequence <= batches + 1; sequence++) {
      List<TelemetryRecord> records = new ArrayList<>(answers);
      answers = new ArrayList<>();
      for (int i = 0; i < EXCHANGES_OF_A_BATCH && sequence <= batches; i++) {
        String id = ids.next();
        long now = System.currentTimeMillis();
        records.add(inspection(id, now));
        answers.add(completion(id, now));
      }
      packed.add(pack(new Batch(Batch.SCHEMA, node, bootId, sequence, records)));
    }
    return packed;
  }

  private static byte[] pack(Batch batch) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(WireJson.mapper().writeValueAsBytes(batch));
    }
    return out.toByteArray();
  }

  InspectionRecord inspection(String id, long now) {
    boolean found = random.nextInt(10) == 0;
    Action action = found ? Action.FLAG : Action.ALLOW;
    List<Finding> findings =
        found
            ? List.of(
                new Finding(
                    FindingType.PROMPT_INJECTION,
                    Severity.MEDIUM,
                    0.83,
                    Zone.USER,
                    "/messages/1/content",
                    12,
                    64,
                    "signatures",
                    "pi-001",
                    "ign*** *** previous *** and ***"))
            : List.of();
    int tenant = random.nextInt(population.tenants());
    int model = random.nextInt(MODELS.length);
    return new InspectionRecord(
        id,
        now,
        "%016x%016x".formatted(random.nextLong(), random.nextLong()),
        "tenant-" + tenant,
        "route-" + random.nextInt(population.routes()),
        "consumer-" + tenant + "-" + random.nextInt(population.consumers()),
        "POST",
        "/v1/chat/completions",
        Dialect.OPENAI_CHAT,
        PROVIDERS[model],
        MODELS[model],
        random.nextBoolean(),
        new Decision(
            action,
            action,
            Mode.ENFORCE,
            "default",
            "default/medium-flags",
            0,
            found ? "prompt_injection" : null),
        findings,
        new Receipt(Coverage.INSPECTED, "", 4, 4, 6_000 + random.nextInt(4_000), List.of()),
        Map.of(
            "parse",
            40L,
            "normalise",
            160L,
            "signatures",
            110L,
            "ngram",
            90L,
            "sensitive",
            45L,
            "total",
            480L + random.nextInt(200)),
        true,
        "agent-" + tenant + "-" + random.nextInt(population.agents()),
        0,
        "%032x".formatted(random.nextInt(5_000)));
  }

  CompletionRecord completion(String id, long now) {
    return new CompletionRecord(
        id,
        now,
        random.nextInt(50) == 0 ? 502 : 200,
        Math.exp(random.nextGaussian() * 0.6 + 7),
        900.0,
        "gpt-4o-2024-08-06",
        new Usage(1_200 + random.nextInt(500), 200 + random.nextInt(300), 800, 0, 0),
        "stop",
        null,
        false,
        List.of(),
        new Receipt(Coverage.INSPECTED, "", 1, 1, 1_800, List.of()),
        null,
        UsageSource.REPORTED,
        210.0,
        BigDecimal.valueOf(random.nextInt(90_000), 7),
        null);
  }
}
