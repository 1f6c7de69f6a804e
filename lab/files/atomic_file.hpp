#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace nelbo {

/// A file that appears whole or not at all, whatever happens meanwhile (kill -9, power loss): the
/// content goes to "<path>.tmp", which commit() flushes to the disk and renames. Without commit()
/// nothing is left behind.
class AtomicFile {
 public:
  /// Throws Error naming the path when its folder cannot be written.
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Throws Error (disk full, ...); the temporary file is removed by the destructor.
  void write(const void* data, std::size_t size);
  /// fsync of the file, rename, fsync of its folder. Throws Error.
  void commit();

 private:
  [[noreturn]] void fail(const char* action) const;
  std::string path_;
  std::string temporary_;
  int descriptor_ = -1;
  bool committed_ = false;
};

/// Writes a whole file atomically.
void write_file_atomically(const std::string& path, std::string_view content);

}  // namespace nelbo
