package io.llmtrace.plugin.gateway;

import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of the gateway's socket. Whoever may change it may put a socket of their own in the
 * place of ours, and is then sent every request. Stateless.
 */
final class SocketFolder {
  private static final Logger log = LoggerFactory.getLogger(SocketFolder.class);
  private static final int OTHERS_WRITE = 0002;
  private static final int STICKY = 01000;
  private static final int ROOT = 0;

  private SocketFolder() {}

  /**
   * The folder of a socket, made with mode 0700 where it is missing.
   *
   * @param socket absolute
   * @throws IOException if it cannot be made or written, or is another user's, who could take the
   *     socket away; the message names the key
   */
  static Path of(Path socket) throws IOException {
    Path folder = socket.getParent();
    if (folder == null) {
      throw new IOException("plugin.socket: expected a path in a folder, got " + socket);
    }
    int owner;
    int self;
    try {
      PrivateFiles.createDirectories(folder);
      owner = PrivateFiles.owner(folder);
      self = PrivateFiles.writer(folder);
    } catch (FileSystemException e) {
      throw new IOException(
          "plugin.socket: expected a folder that this user may make and write in, but "
              + (e.getFile() == null ? folder : e.getFile())
              + reason(e),
          e);
    }
    refuseForeign(folder, owner, self);
    int mode = (Integer) Files.getAttribute(folder, "unix:mode");
    if ((mode & OTHERS_WRITE) != 0 && (mode & STICKY) == 0) {
      log.warn(
          "plugin.socket: everybody may write in {}, and so take the place of this process;"
              + " expected a folder that others cannot write",
          folder);
    }
    return folder;
  }

  private static String reason(FileSystemException e) {
    if (e instanceof AccessDeniedException) {
      return " is closed to it";
    }
    if (e instanceof FileAlreadyExistsException || e instanceof NotDirectoryException) {
      return " is no folder";
    }
    if (e instanceof NoSuchFileException) {
      return " is not there and cannot be made";
    }
    return " cannot be used: " + (e.getReason() == null ? e.getClass().getName() : e.getReason());
  }

  /** Visible for tests, which are one user. */
  static void refuseForeign(Path folder, int owner, int self) throws IOException {
    if (owner != self && owner != ROOT) {
      throw new IOException(
          "plugin.socket: expected a folder of this user's or of root's, but "
              + folder
              + " is of the user with number "
              + owner
              + ", who could take the place of this process");
    }
  }
}
