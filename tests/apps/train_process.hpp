#pragma once
// The program as a child process that the test sends signals to.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/apps/program_run.hpp"

namespace nelbo::tests {

class Process {
 public:
  /// Starts `nelbo args...` with stdout and stderr going to files in `folder`.
  Process(const TempFolder& folder, const std::vector<std::string>& args) {
    static int number = 0;
    const std::string base = folder.path() + "/process" + std::to_string(++number);
    out_ = base + ".out";
    err_ = base + ".err";
    std::vector<std::string> words{NELBO_PROGRAM};
    words.insert(words.end(), args.begin(), args.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    id_ = ::fork();
    if (id_ == 0) {
      redirect(out_, 1);
      redirect(err_, 2);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
  }
  ~Process() {
    if (id_ > 0) {
      signal(SIGKILL);
      wait();
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const { ::kill(id_, number); }

  Outcome wait() {
    int status = 0;
    ::waitpid(id_, &status, 0);
    id_ = 0;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_whole(out_), read_whole(err_)};
  }

  /// Waits until a file is there, at most 60 s.
  static bool appears(const std::string& path) {
    for (int i = 0; i < 6000; ++i) {
      if (std::filesystem::exists(path)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  static void redirect(const std::string& path, int to) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ::dup2(file, to);
    ::close(file);
  }

  pid_t id_ = 0;
  std::string out_, err_;
};

}  // namespace nelbo::tests
