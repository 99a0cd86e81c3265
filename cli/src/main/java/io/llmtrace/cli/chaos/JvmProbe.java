package io.llmtrace.cli.chaos;

import com.sun.management.UnixOperatingSystemMXBean;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.ThreadMXBean;
import java.util.List;
import javax.management.MBeanServerConnection;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * Looks into a JVM of this user from outside, by its own management beans; the process needs no
 * option for that. Not thread-safe.
 */
final class JvmProbe implements AutoCloseable {
  private final JMXConnector connector;
  private final MemoryMXBean memory;
  private final ThreadMXBean threads;
  private final UnixOperatingSystemMXBean system;
  private final List<BufferPoolMXBean> buffers;

  private JvmProbe(JMXConnector connector) throws IOException {
    this.connector = connector;
    MBeanServerConnection beans = connector.getMBeanServerConnection();
    memory =
        ManagementFactory.newPlatformMXBeanProxy(
            beans, ManagementFactory.MEMORY_MXBEAN_NAME, MemoryMXBean.class);
    threads =
        ManagementFactory.newPlatformMXBeanProxy(
            beans, ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class);
    system =
        ManagementFactory.newPlatformMXBeanProxy(
            beans, ManagementFactory.OPERATING_SYSTEM_MXBEAN_NAME, UnixOperatingSystemMXBean.class);
    buffers = ManagementFactory.getPlatformMXBeans(beans, BufferPoolMXBean.class);
  }

  /**
   * What a process holds.
   *
   * @param heapBytes garbage included, unless it was collected just before
   * @param directBytes buffers outside of the heap
   * @param handles open files, sockets and the like
   */
  record Vitals(long heapBytes, long directBytes, int threads, long handles) {}

  /**
   * Attaches to a process.
   *
   * @throws IOException when that is impossible
   */
  // JMX would be dangerous with an address from outside: this one is the process's own, on this
  // machine.
  @SuppressWarnings("BanJNDI")
  static JvmProbe of(long pid) throws IOException {
    try {
      VirtualMachine machine = VirtualMachine.attach(Long.toString(pid));
      try {
        return new JvmProbe(
            JMXConnectorFactory.connect(new JMXServiceURL(machine.startLocalManagementAgent())));
      } finally {
        machine.detach();
      }
    } catch (AttachNotSupportedException e) {
      throw new IOException("cannot look into process " + pid, e);
    }
  }

  /** What it holds after a collection of its garbage. */
  Vitals collected() {
    memory.gc();
    return now();
  }

  /** What it holds. */
  Vitals now() {
    return new Vitals(
        memory.getHeapMemoryUsage().getUsed(),
        buffers.stream()
            .filter(pool -> pool.getName().equals("direct"))
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum(),
        threads.getThreadCount(),
        system.getOpenFileDescriptorCount());
  }

  @Override
  public void close() throws IOException {
    connector.close();
  }
}
