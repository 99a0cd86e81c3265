package io.llmtrace.runtime.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Writes and reads files of mode 0600. A file is written under another name, forced to disk and
 * renamed, so that no reader and no crash ever sees half of it. Stateless and thread-safe.
 */
public final class PrivateFiles {
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private PrivateFiles() {}

  /** Writes a file, replacing one that is there; missing directories are made with mode 0700. */
  public static void write(Path file, byte[] content) throws IOException {
    Path written = writeBeside(file, content);
    try {
      Files.move(
          written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(written);
    }
  }

  /** Writes text in UTF-8; see {@link #write(Path, byte[])}. */
  public static void write(Path file, String content) throws IOException {
    write(file, content.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Writes a file unless there is one: of several processes that start together exactly one wins,
   * and all read the same content afterwards.
   *
   * @return what is in the file now, this content or that of whoever was first
   */
  public static byte[] createOrRead(Path file, byte[] content) throws IOException {
    Optional<byte[]> present = read(file);
    if (present.isPresent()) {
      return present.get();
    }
    Path written = writeBeside(file, content);
    try {
      // A hard link fails where a rename would silently replace.
      Files.createLink(file, written);
      return content.clone();
    } catch (FileAlreadyExistsException e) {
      return Files.readAllBytes(file);
    } finally {
      Files.deleteIfExists(written);
    }
  }

  /** The bytes of a file, or empty when there is none. */
  public static Optional<byte[]> read(Path file) throws IOException {
    try {
      return Optional.of(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * Makes a directory of mode 0700 and those above it that are missing. One that is there stays as
   * it is: whoever made it decided who may look into it.
   */
  public static void createDirectories(Path directory) throws IOException {
    // A link to a directory is one; asked first, because the call below would refuse it.
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory, OWNER_ONLY_DIRECTORY);
    }
  }

  /** Makes an empty file of mode 0600 unless there is a file. */
  public static void createFile(Path file) throws IOException {
    try {
      Files.createFile(file, OWNER_ONLY);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isRegularFile(file)) {
        throw e;
      }
    }
  }

  /**
   * Opens a file to lock, and makes it with mode 0600 where it is missing: a lock waits for
   * everybody who may read its file.
   */
  public static FileChannel openLock(Path file) throws IOException {
    return FileChannel.open(
        file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), OWNER_ONLY);
  }

  /** The number of the user whose a file or directory is. */
  public static int owner(Path path) throws IOException {
    return (Integer) Files.getAttribute(path, "unix:uid");
  }

  /**
   * The number of the user as whom this process makes files in a directory. Not found by asking
   * whether it can: root may do everything in folders of others, who stay their masters.
   *
   * @throws IOException if it can make none there
   */
  public static int writer(Path directory) throws IOException {
    Path probe = Files.createTempFile(directory, ".", "");
    try {
      return owner(probe);
    } finally {
      Files.delete(probe);
    }
  }

  private static Path writeBeside(Path file, byte[] content) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory == null) {
      throw new IOException(file + " names no file");
    }
    createDirectories(directory);
    Path beside = directory.resolve("." + file.getFileName() + "." + UUID.randomUUID());
    try (FileChannel channel =
        FileChannel.open(
            beside, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWNER_ONLY)) {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
    return beside;
  }
}
