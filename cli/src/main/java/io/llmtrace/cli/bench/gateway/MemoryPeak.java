package io.llmtrace.cli.bench.gateway;

import com.sun.management.GarbageCollectionNotificationInfo;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/**
 * The most of the heap that was in use at one moment, garbage included: between two collections use
 * only rises, so it is looked at before each of them, and when somebody asks. The peaks of the
 * regions that the JVM keeps are of different moments, and their sum is more than there ever was.
 * Thread-safe.
 */
final class MemoryPeak {
  private final Set<String> heap =
      ManagementFactory.getMemoryPoolMXBeans().stream()
          .filter(pool -> pool.getType() == MemoryType.HEAP)
          .map(MemoryPoolMXBean::getName)
          .collect(Collectors.toSet());
  private final AtomicLong most = new AtomicLong();

  private MemoryPeak() {}

  /** Begins to look. */
  static MemoryPeak watch() {
    MemoryPeak peak = new MemoryPeak();
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (collector instanceof NotificationEmitter emitter) {
        emitter.addNotificationListener((event, unused) -> peak.collected(event), null, null);
      }
    }
    return peak;
  }

  private void collected(Notification event) {
    if (event.getType().equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)
        && event.getUserData() instanceof CompositeData data) {
      before(GarbageCollectionNotificationInfo.from(data).getGcInfo().getMemoryUsageBeforeGc());
    }
  }

  private void before(Map<String, MemoryUsage> byPool) {
    long used = 0;
    for (Map.Entry<String, MemoryUsage> pool : byPool.entrySet()) {
      if (heap.contains(pool.getKey())) {
        used += pool.getValue().getUsed();
      }
    }
    most.accumulateAndGet(used, Math::max);
  }

  /** In bytes, this moment included. */
  long bytes() {
    long now = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    return most.accumulateAndGet(now, Math::max);
  }
}
