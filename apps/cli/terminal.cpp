#include "apps/cli/terminal.hpp"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace nelbo {

bool stderr_is_terminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) != 0 && kind != nullptr && std::strcmp(kind, "dumb") != 0;
}

int terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

bool stderr_takes_color() {
  const char* refused = std::getenv("NO_COLOR");
  return stderr_is_terminal() && (refused == nullptr || *refused == '\0');
}

void put_on_stderr(std::string_view text) {
  // A stderr that is closed, or that nobody reads any more (`2>&1 | head`), is no reason to end a
  // training run: the signal that says so is taken here.
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EPIPE) {
      const timespec at_once{};
      sigtimedwait(&pipe, nullptr, &at_once);
    }
    if (written <= 0) break;
    text.remove_prefix(std::size_t(written));
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace nelbo
