#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace nelbo {

/// A file that is written; every file that nelbo writes is one, but lines that are appended.
///
/// A regular file appears whole or not at all, whatever happens meanwhile (kill -9, power loss):
/// the content goes to "<path>.tmp", which commit() flushes to the disk and renames. Without
/// commit() nothing is left behind. Symbolic links stay; what they lead to is written. A pipe or a
/// device is written as the content comes, and so is stdout, which is "-" or /dev/stdout.
class AtomicFile {
 public:
  /// Throws Error naming the path as check_output() does.
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Throws Error (disk full, ...); the temporary file is removed by the destructor.
  void write(const void* data, std::size_t size);
  /// fsync of the file, rename, fsync of its folder. Throws Error, also where another process has
  /// begun to write the same file meanwhile.
  void commit();

 private:
  [[noreturn]] void fail(const char* action) const;
  void create();
  void rename() const;

  std::string name_;       // as messages say it
  std::string path_;       // what is replaced; empty where the content goes directly
  std::string temporary_;  // what replaces it
  int descriptor_ = -1;
  bool committed_ = false;
};

/// Writes a whole file as AtomicFile does.
void write_file_atomically(const std::string& path, std::string_view content);

/// Adds one line to a file, which may be new; on the disk when the call returns. Throws Error.
void append_line(const std::string& path, const std::string& line);

/// A descriptor of a file, which may be new, that another process is to add its output to; -1, with
/// errno, where it cannot be opened. The caller closes it.
int open_log(const std::string& path);

/// Throws Error, before anything is computed, where no file can be written: a folder is there, its
/// own folder is not there or may not be written, the name is too long, or binary data would go to
/// a terminal.
void check_output(const std::string& path);

/// The same of an output that is a folder: a file is there, or it is "-", since stdout holds no folder.
void check_output_folder(const std::string& path);

/// Whether a path stands for stdout: what else would be said there goes to stderr then.
bool is_stdout(const std::string& path);

}  // namespace nelbo
