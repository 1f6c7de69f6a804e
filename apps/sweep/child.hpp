#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace nelbo {

/// This program run as another process. It gets its words as they are, from no shell; its output is
/// added to a file. It is in a process group of its own, so that Ctrl-C in a terminal reaches it by
/// its parent alone, and gets SIGTERM when its parent dies, however it dies.
class Child {
 public:
  /// Throws Error where it cannot be started.
  Child(const std::vector<std::string>& words, const std::string& log);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  /// Ends it, and waits for it, where it has not ended.
  ~Child();

  /// Its exit code once it has ended, 128 + N where signal N ended it.
  std::optional<int> ended();
  void signal(int number) const;

 private:
  pid_t id_ = 0;  // 0: there is none
};

}  // namespace nelbo
