package io.llmtrace.plugin.conf;

import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tokens of route configurations. Thread-safe; {@link #prepare} and {@link #find} never wait and
 * may be called on an event loop.
 */
public final class ConfTable implements AutoCloseable {
  /*
   * A token is made of its content, so that a successor gives the same one to the same route: 31
   * bits of SHA-256 over key and conf, and the next free number where two contents meet. Two
   * processes that live side by side might give one number to two contents before either has read
   * the other's file. Whoever notices withdraws the number for good: the gateway is told that the
   * token is unknown and prepares again, and nobody is ever served another route's settings.
   */
  private static final Logger LOG = LoggerFactory.getLogger(ConfTable.class);
  private static final int MAX_ENTRIES = 10_000;
  private static final int MAX_PENDING_WRITES = 4_096;

  /** The gateway's plugins under which a route has a configuration of ours. */
  private static final List<String> PLUGINS =
      List.of("ext-plugin-post-req", "ext-plugin-pre-req", "ext-plugin-post-resp");

  private final RouteConfReader reader;
  private final ConfFile file;
  private final Map<Integer, Entry> byToken = new ConcurrentHashMap<>();
  private final Map<String, Entry> newestByRoute = new ConcurrentHashMap<>();
  private final Queue<Integer> order = new ConcurrentLinkedQueue<>();
  private final ThreadPoolExecutor io;
  private final Counter writeFailures;
  private final ConfProblems problems;

  /** One configuration. {@code conf} is null where its token was withdrawn. */
  public record Entry(int token, String key, Digest digest, @Nullable RouteConf conf) {}

  /** A SHA-256 with value equality. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Digest(byte[] bytes) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Digest digest && Arrays.equals(bytes, digest.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }
  }

  /**
   * Opens the table and reads what earlier processes wrote.
   *
   * @param dataDirectory existing directory, shared by successive processes
   * @throws IOException if the file cannot be read or made
   */
  public static ConfTable open(Path dataDirectory, RouteConfReader reader, MeterRegistry meters)
      throws IOException {
    ConfFile file = ConfFile.open(dataDirectory);
    ConfTable table = new ConfTable(file, reader, meters);
    table.load();
    return table;
  }

  private ConfTable(ConfFile file, RouteConfReader reader, MeterRegistry meters) {
    this.file = file;
    this.reader = reader;
    this.writeFailures =
        Counter.builder("llmtrace_plugin_conf_write_failures")
            .description("Route configurations whose token could not be kept on disk")
            .register(meters);
    this.problems = new ConfProblems(meters);
    Gauge.builder("llmtrace_plugin_confs", byToken, Map::size)
        .description("Route configurations known")
        .register(meters);
    this.io =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MAX_PENDING_WRITES),
            task -> {
              Thread thread = new Thread(task, "llmtrace-conf");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * The token of a configuration: the same for the same key and conf, in this process and in the
   * next.
   */
  public int prepare(String key, List<Map.Entry<String, String>> conf) {
    Digest digest = digest(key, conf);
    Entry entry = put(natural(digest), true, key, digest, conf);
    newestByRoute.put(routeOf(key), entry);
    return entry.token();
  }

  /** The settings of a token, or null where this process does not know it (yet). */
  public @Nullable RouteConf find(int token) {
    Entry entry = byToken.get(token);
    return entry == null ? null : entry.conf();
  }

  /**
   * Looks into the file for a token that another process may have given. Returns at once; completes
   * on the table's own thread, with null where nobody knows the token.
   */
  public CompletableFuture<@Nullable RouteConf> reload(int token) {
    CompletableFuture<@Nullable RouteConf> result = new CompletableFuture<>();
    try {
      io.execute(
          () -> {
            load();
            result.complete(find(token));
          });
    } catch (RejectedExecutionException e) {
      // The gateway prepares again: right, only slower than finding it here.
      LOG.debug("conf table busy, token {} not looked up", token);
      result.complete(null);
    }
    return result;
  }

  /** The settings in force, the newest of each route. */
  public List<NodeSnapshot.RouteSettings> settings() {
    List<NodeSnapshot.RouteSettings> all = new ArrayList<>();
    newestByRoute
        .values()
        .forEach(
            entry -> {
              RouteConf conf = entry.conf();
              if (conf != null) {
                all.add(conf.settings(entry.key()));
              }
            });
    return all;
  }

  /** The API that a route asks for, or null where it asks for none or is not known. */
  public @Nullable Api dialect(String route) {
    for (String plugin : PLUGINS) {
      Entry entry = newestByRoute.get("route#" + route + "#" + plugin);
      RouteConf conf = entry == null ? null : entry.conf();
      if (conf != null && conf.dialect() != null) {
        return conf.dialect();
      }
    }
    return null;
  }

  /** What is wrong with the configurations in force, each with its key. */
  public List<String> problems() {
    List<String> all = new ArrayList<>();
    newestByRoute
        .values()
        .forEach(
            entry -> {
              RouteConf conf = entry.conf();
              if (conf != null) {
                conf.problems().forEach(problem -> all.add(entry.key() + ": " + problem));
              }
            });
    return all;
  }

  /** Writes what is queued, for at most two seconds. */
  @Override
  public void close() {
    io.shutdown();
    try {
      if (!io.awaitTermination(2, TimeUnit.SECONDS)) {
        LOG.warn("conf tokens not all written: {} left", io.getQueue().size());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Entry put(
      int start, boolean persist, String key, Digest digest, List<Map.Entry<String, String>> conf) {
    int token = start;
    while (true) {
      Entry known = byToken.get(token);
      if (known == null) {
        Entry made = new Entry(token, key, digest, reader.read(conf));
        known = byToken.putIfAbsent(token, made);
        if (known == null) {
          added(made, conf, persist);
          return made;
        }
      }
      if (known.digest().equals(digest) && known.conf() != null) {
        return known;
      }
      token = next(token);
    }
  }

  private void added(Entry entry, List<Map.Entry<String, String>> conf, boolean persist) {
    RouteConf routeConf = entry.conf();
    if (routeConf != null) {
      problems.report(entry.key(), routeConf);
    }
    order.add(entry.token());
    while (byToken.size() > MAX_ENTRIES) {
      Integer oldest = order.poll();
      if (oldest == null) {
        break;
      }
      Entry gone = byToken.remove(oldest);
      if (gone != null) {
        newestByRoute.remove(routeOf(gone.key()), gone);
      }
    }
    if (persist) {
      try {
        io.execute(() -> append(entry, conf));
      } catch (RejectedExecutionException e) {
        writeFailures.increment();
        LOG.warn("conf token {} not kept on disk: too many are waiting", entry.token());
      }
    }
  }

  private void append(Entry entry, List<Map.Entry<String, String>> conf) {
    try {
      file.append(new ConfFile.Line(entry.token(), entry.key(), conf, System.currentTimeMillis()));
    } catch (IOException e) {
      writeFailures.increment();
      LOG.warn("conf token {} not kept on disk: {}", entry.token(), e.toString());
    }
  }

  private void load() {
    List<ConfFile.Line> lines;
    try {
      lines = file.readNew();
    } catch (IOException e) {
      writeFailures.increment();
      LOG.warn("conf tokens of other processes cannot be read: {}", e.toString());
      return;
    }
    for (ConfFile.Line line : lines) {
      Digest digest = digest(line.key(), line.conf());
      Entry made = new Entry(line.token(), line.key(), digest, reader.read(line.conf()));
      Entry known = byToken.putIfAbsent(line.token(), made);
      if (known == null) {
        added(made, line.conf(), false);
        newestByRoute.put(routeOf(line.key()), made);
      } else if (!known.digest().equals(digest) && known.conf() != null) {
        LOG.warn("conf token {} was given twice and is withdrawn", line.token());
        byToken.put(line.token(), new Entry(line.token(), known.key(), known.digest(), null));
      }
    }
  }

  static int natural(Digest digest) {
    byte[] b = digest.bytes();
    int token =
        ((b[0] & 0x7F) << 24) | ((b[1] & 0xFF) << 16) | ((b[2] & 0xFF) << 8) | (b[3] & 0xFF);
    // 0 is flatbuffers' default and would look like a missing field.
    return token == 0 ? 1 : token;
  }

  private static int next(int token) {
    return token == Integer.MAX_VALUE ? 1 : token + 1;
  }

  static Digest digest(String key, List<Map.Entry<String, String>> conf) {
    MessageDigest sha;
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    update(sha, key);
    for (Map.Entry<String, String> entry : conf) {
      update(sha, entry.getKey());
      update(sha, entry.getValue());
    }
    return new Digest(sha.digest());
  }

  // The length goes first, so that no two contents run together into the same bytes.
  private static void update(MessageDigest sha, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    sha.update(
        new byte[] {
          (byte) (bytes.length >>> 24),
          (byte) (bytes.length >>> 16),
          (byte) (bytes.length >>> 8),
          (byte) bytes.length
        });
    sha.update(bytes);
  }

  // route#chat#ext-plugin-post-req#17: what stands before the version is the route.
  private static String routeOf(String key) {
    int hash = key.lastIndexOf('#');
    return hash < 0 ? key : key.substring(0, hash);
  }
}
