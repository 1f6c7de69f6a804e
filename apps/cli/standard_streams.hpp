#pragma once
#include <iosfwd>
#include <memory>
#include <string>

namespace nelbo {

/// As long as it lives, std::cout and std::cerr show what a terminal would obey as data::printable
/// does, but for tabs: names of files, members and flags get there in whatever message.
class PrintableStreams {
 public:
  PrintableStreams();
  ~PrintableStreams();
  PrintableStreams(const PrintableStreams&) = delete;
  PrintableStreams& operator=(const PrintableStreams&) = delete;

 private:
  struct Replaced;
  std::unique_ptr<Replaced> out_, err_;
};

/// Opens what of stdin, stdout and stderr is closed (`nelbo ... >&-`) so that it cannot be written:
/// else the next file that is opened takes its number, and gets what is printed.
void hold_standard_descriptors();

/// From now on nothing that this process prints is seen: another says it. unmute_stderr() takes it back for
/// stderr.
void mute_standard_streams();
void unmute_stderr();

/// Where a command says what it wrote to `out`: stdout, or stderr where `out` itself is stdout.
std::ostream& beside(const std::string& out);

}  // namespace nelbo
