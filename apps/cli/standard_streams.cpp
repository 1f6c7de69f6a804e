#include "apps/cli/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <iostream>
#include <streambuf>

#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

/// Passes on what is inserted, a whole text at a time, as data::printable shows it.
class PrintableBuffer final : public std::streambuf {
 public:
  explicit PrintableBuffer(std::streambuf& to) : to_(to) {}

 protected:
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    const std::string shown = data::printable({text, std::size_t(count)}, "\n\t");
    return to_.sputn(shown.data(), std::streamsize(shown.size())) == std::streamsize(shown.size())
               ? count
               : 0;
  }
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    const char one = traits_type::to_char_type(c);
    return xsputn(&one, 1) == 1 ? c : traits_type::eof();
  }
  int sync() override { return to_.pubsync(); }

 private:
  std::streambuf& to_;
};

}  // namespace

struct PrintableStreams::Replaced {
  explicit Replaced(std::ostream& of) : stream(of), before(of.rdbuf()), buffer(*before) {
    stream.rdbuf(&buffer);
  }
  ~Replaced() {
    stream.flush();
    const auto state = stream.rdstate();
    stream.rdbuf(before);  // which clears the state
    stream.clear(state);
  }
  std::ostream& stream;
  std::streambuf* before;
  PrintableBuffer buffer;
};

PrintableStreams::PrintableStreams()
    : out_(std::make_unique<Replaced>(std::cout)), err_(std::make_unique<Replaced>(std::cerr)) {}

PrintableStreams::~PrintableStreams() = default;

void hold_standard_descriptors() {
  // The lowest free number is what open() gives: in this order each gets its own.
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    const int mode = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (::open("/dev/null", mode) < 0) return;
  }
}

namespace {

int stderr_before = -1;  // while muted

}  // namespace

void mute_standard_streams() {
  std::cout.flush();
  const int nothing = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nothing < 0 || stderr_before >= 0) return;
  stderr_before = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  ::dup2(nothing, STDOUT_FILENO);
  ::dup2(nothing, STDERR_FILENO);
  ::close(nothing);
}

void unmute_stderr() {
  if (stderr_before < 0) return;
  std::cerr.flush();
  ::dup2(stderr_before, STDERR_FILENO);
  ::close(stderr_before);
  stderr_before = -1;
}

std::ostream& beside(const std::string& out) { return is_stdout(out) ? std::cerr : std::cout; }

}  // namespace nelbo
