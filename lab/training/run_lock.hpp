#pragma once
#include <filesystem>
#include <string>

namespace nelbo {

/// A run folder owned by this process until the object dies: the file `lock` in it, held by
/// flock(2) and naming host and process. A process that dies lets go of it, whatever it leaves
/// behind.
class RunLock {
 public:
  /// Throws Error that names the folder and who owns it. Where the file system knows no locks there
  /// is a note() instead.
  explicit RunLock(const std::filesystem::path& folder);
  ~RunLock();
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;

  /// What must be told; empty if nothing must.
  const std::string& note() const { return note_; }

  /// The name of the file.
  static constexpr const char* file = "lock";
  /// Who owns the folder: "process 4711 on host annabel"; empty if nobody does.
  static std::string owner(const std::filesystem::path& folder);

 private:
  std::string path_, note_;
  int descriptor_ = -1;
};

}  // namespace nelbo
