package io.llmtrace.cli.bench.gateway;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import io.llmtrace.cli.stack.NativeLibraries;
import io.llmtrace.plugin.PluginProcess;
import io.llmtrace.plugin.conf.ConfTable;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.plugin.gateway.A6Server;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.AnswerHandler;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.runtime.logging.LogSetup;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.util.internal.PlatformDependent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/**
 * A process that is measured: the plugin as it is shipped ({@code inspect}), or its A6 host alone,
 * which reads the body and says "go on" ({@code noop}). It reads commands from its input: {@code
 * stats} and {@code gc} are answered with a line of JSON on its output, the end of the input ends
 * it.
 */
final class SubjectMain {
  private static final Answer GO_ON = new Answer.Rewrite(Map.of(), Set.of(), Map.of(), null);

  private SubjectMain() {}

  public static void main(String[] args) throws Exception {
    // What this process says on its output is for the bench alone.
    PrintStream out = System.out;
    System.setOut(System.err);
    MemoryPeak peak = MemoryPeak.watch();
    LlmtraceConfig config =
        ConfigFile.load(Path.of(args[1]), System.getenv(), ConfigFile.Role.PLUGIN);
    LogSetup.configure(config.logging(), "llmtrace_plugin");
    NativeLibraries.keepIn(config.plugin().dataDirectory().resolve("native"));
    AutoCloseable running = args[0].equals("noop") ? noop(config) : inspecting(config, out);
    try (running;
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      out.println("ready");
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.equals("gc")) {
          System.gc();
        }
        out.println(WireJson.mapper().writeValueAsString(stats(peak)));
      }
    }
  }

  private static AutoCloseable inspecting(LlmtraceConfig config, PrintStream out) throws Exception {
    PluginProcess<?> process = PluginProcess.start(config);
    out.println(process.localPort());
    return process;
  }

  private static AutoCloseable noop(LlmtraceConfig config) throws Exception {
    PluginConfig plugin = config.plugin();
    Files.createDirectories(plugin.dataDirectory());
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    ConfTable confs = ConfTable.open(plugin.dataDirectory(), RouteConfReader.of(plugin), meters);
    return A6Server.start(
        new A6Server.Settings(
            plugin.socket(), "bench", plugin.maxRequestBody(), plugin.drainTimeout()),
        confs,
        new MemoryBudget(plugin.maxBodyBytesInMemory()),
        (request, lease, responder) -> {
          lease.close();
          responder.accept(GO_ON);
        },
        AnswerHandler.PASS,
        meters);
  }

  private static Stats stats(MemoryPeak peak) throws IOException {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated =
        Arrays.stream(threads.getThreadAllocatedBytes(threads.getAllThreadIds()))
            .filter(bytes -> bytes > 0)
            .sum();
    long handles =
        system instanceof UnixOperatingSystemMXBean unix ? unix.getOpenFileDescriptorCount() : -1;
    return new Stats(
        system.getProcessCpuTime(),
        CompilerTime.nanos(),
        allocated,
        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
        peak.bytes(),
        buffers("direct") + Math.max(0, PlatformDependent.usedDirectMemory()),
        buffers("mapped"),
        handles,
        threads.getThreadCount());
  }

  private static long buffers(String kind) {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals(kind))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  /**
   * What a process says of itself.
   *
   * @param cpuNanos processor time of all its threads
   * @param compilerNanos processor time of what compiles code and rules, or -1
   * @param allocatedBytes by threads that live
   * @param heapBytes in use now, garbage included
   * @param heapPeakBytes the most that was in use at one moment, garbage included
   * @param directBytes outside of the heap
   * @param mappedBytes of files that are mapped
   * @param handles open files, or -1
   * @param threads that live
   */
  record Stats(
      long cpuNanos,
      long compilerNanos,
      long allocatedBytes,
      long heapBytes,
      long heapPeakBytes,
      long directBytes,
      long mappedBytes,
      long handles,
      int threads) {}
}
