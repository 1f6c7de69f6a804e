#include "apps/sweep/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "apps/cli/fail.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/system_reason.hpp"

namespace nelbo {
namespace {

constexpr const char* own_program = "/proc/self/exe";

/// What the new process does before it is the program: calls that are safe after fork() alone.
[[noreturn]] void become(char** argv, int log, pid_t parent, const sigset_t& mask) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);  // which died before it could be asked
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  const int none = ::open("/dev/null", O_RDONLY);
  if (none >= 0) ::dup2(none, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv(own_program, argv);
  ::_exit(127);
}

}  // namespace

Child::Child(const std::vector<std::string>& words, const std::string& log) {
  const int file = open_log(log);
  if (file < 0) fail(log, "cannot be opened: {}", data::system_reason(errno));
  std::vector<std::string> own = words;
  std::vector<char*> argv;
  for (std::string& word : own) argv.push_back(word.data());
  argv.push_back(nullptr);
  // A signal meanwhile waits until the child can be ended by it.
  sigset_t both, before;
  sigemptyset(&both);
  sigaddset(&both, SIGINT);
  sigaddset(&both, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &both, &before);
  const pid_t parent = ::getpid();
  id_ = ::fork();
  if (id_ == 0) become(argv.data(), file, parent, before);
  const int reason = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ::close(file);
  if (id_ < 0) {
    id_ = 0;
    throw Error("no further process can be started: " + data::system_reason(reason));
  }
}

Child::Child(Child&& other) noexcept : id_(std::exchange(other.id_, 0)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(id_, other.id_);
  return *this;
}

Child::~Child() {
  if (id_ == 0) return;
  signal(SIGTERM);
  while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) continue;
}

std::optional<int> Child::ended() {
  int status = 0;
  if (id_ == 0 || ::waitpid(id_, &status, WNOHANG) != id_) return std::nullopt;
  id_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Child::signal(int number) const {
  if (id_ > 0) ::kill(id_, number);
}

}  // namespace nelbo
