#pragma once
// Runs the built program as a user does: arguments, environment, both output streams and the exit
// code.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "tests/lab/data_files.hpp"

namespace nelbo::tests {

struct Outcome {
  int code = -1;  // the exit code, or -1 for a death by signal
  std::string out, err;
};

using Environment = std::vector<std::pair<std::string, std::string>>;

inline Outcome run_program_binary(const std::vector<std::string>& arguments,
                                  const Environment& environment = {}) {
  const TempFolder folder;
  const std::string out = folder.path() + "/out", err = folder.path() + "/err";
  const pid_t child = fork();
  if (child == 0) {
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    dup2(open(out.c_str(), flags, 0600), STDOUT_FILENO);
    dup2(open(err.c_str(), flags, 0600), STDERR_FILENO);
    std::vector<char*> argv{const_cast<char*>("nelbo")};
    for (const std::string& one : arguments) argv.push_back(const_cast<char*>(one.c_str()));
    argv.push_back(nullptr);
    execv(NELBO_PROGRAM, argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_whole(out), read_whole(err)};
}

}  // namespace nelbo::tests
