// Where a file that is written goes: through links, into pipes and devices, to stdout; and how what
// is no place for a file is refused.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "autodiff/error.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace fs = std::filesystem;

namespace {

std::size_t files_in(const std::string& folder) {
  return std::size_t(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

bool is_link(const std::string& path) { return fs::is_symlink(fs::symlink_status(path)); }

/// What reaches stdout where `path` is written by a process whose stdout is a file that holds
/// "before".
std::string written_to_stdout(const TempFolder& folder, const std::string& path) {
  const std::string out = folder.write("stdout", "before ");
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open(out.c_str(), O_WRONLY | O_APPEND), STDOUT_FILENO);
    try {
      const bool known = is_stdout(path);
      write_file_atomically(path, "content");
      ::_exit(known ? 0 : 2);
    } catch (const std::exception&) {
      ::_exit(1);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  return read_whole(out);
}

}  // namespace

TEST_CASE("outputs: a link stays, and what it leads to is written") {
  const TempFolder folder;
  const std::string old = folder.write("old", "old"), at = folder.path() + "/";
  fs::create_symlink("old", at + "link");
  fs::create_symlink("new", at + "to nothing");
  fs::create_directory(at + "inner");
  fs::create_symlink("../link", at + "inner/twice");
  write_file_atomically(at + "link", "first");
  CHECK(read_whole(old) == "first");
  write_file_atomically(at + "to nothing", "second");
  CHECK(read_whole(at + "new") == "second");
  write_file_atomically(at + "inner/twice", "third");
  CHECK(read_whole(old) == "third");
  for (const char* link : {"link", "to nothing", "inner/twice"}) CHECK(is_link(at + link));
  CHECK(files_in(at) == 5);
  CHECK(files_in(at + "inner") == 1);

  fs::create_symlink("circle", at + "circle");
  CHECK_THROWS_WITH(write_file_atomically(at + "circle", ""), contains("circle"));
}

TEST_CASE("outputs: a pipe is written as it is") {
  const TempFolder folder;
  const std::string pipe = folder.path() + "/pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::string got;
  std::thread reader([&] { got = read_whole(pipe); });
  const std::string content(200'000, 'x');  // more than a pipe holds
  write_file_atomically(pipe, content);
  reader.join();
  CHECK(got == content);
  CHECK(fs::is_fifo(pipe));
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("outputs: a device stays one, and a full one is named") {
  write_file_atomically("/dev/null", "x");
  CHECK(fs::is_character_file("/dev/null"));
  if (!fs::exists("/dev/full")) return;
  CHECK_THROWS_WITH(write_file_atomically("/dev/full", "x"),
                    contains("/dev/full: writing failed: No space left"));
  CHECK(fs::is_character_file("/dev/full"));
}

TEST_CASE("outputs: stdout is -, and /dev/stdout, where nothing is overwritten") {
  const TempFolder folder;
  for (const char* path : {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
    CAPTURE(path);
    CHECK(written_to_stdout(folder, path) == "before content");
  }
  CHECK_FALSE(is_stdout(folder.path() + "/file"));
  CHECK_FALSE(is_stdout("./-"));
}

TEST_CASE("outputs: what is no place for a file is refused in one line that names it") {
  const TempFolder folder;
  const std::string at = folder.path() + "/";
  folder.write("file", "");
  const auto refused = [&](const std::string& path, const std::string& reason) {
    CAPTURE(path);
    CHECK_THROWS_WITH(check_output(path), contains(path) && contains(reason));
    CHECK_THROWS_WITH(write_file_atomically(path, ""), contains(path) && contains(reason));
  };
  refused(folder.path(), "is a folder where a file is to be");
  refused(at + "no/file", "its folder " + at + "no is not there; make it first");
  refused(at + "file/x", at + "file is no folder");
  refused(at + std::string(256, 'n'), "the name is too long (at most 255 bytes");
  CHECK(files_in(at) == 1);
  // The temporary file has a longer name, which must not stand in the way.
  write_file_atomically(at + std::string(255, 'n'), "long");
  CHECK(read_whole(at + std::string(255, 'n')) == "long");
  CHECK(files_in(at) == 2);
}

TEST_CASE("outputs: what is no place for a folder is refused, whatever part of it") {
  const TempFolder folder;
  const std::string at = folder.path() + "/";
  folder.write("file", "");
  fs::create_symlink("nothing", at + "link");
  CHECK_THROWS_WITH(check_output_folder("-"), contains("-: is stdout"));
  for (const char* inside : {"file", "file/a/b"}) {
    CHECK_THROWS_WITH(check_output_folder(at + inside), contains("is a file where a folder"));
  }
  CHECK_THROWS_WITH(check_output_folder(at + "link/a"), contains("is a link to nothing"));
  CHECK_THROWS_WITH(check_output_folder(at + std::string(256, 'n')), contains("too long"));
  CHECK_NOTHROW(check_output_folder(at + "a/b"));
  CHECK_NOTHROW(check_output_folder(folder.path()));
}

TEST_CASE("outputs: of two writers of one file neither publishes half of the other's") {
  const TempFolder folder;
  const std::string path = folder.path() + "/a";
  AtomicFile first(path);
  first.write("first", 5);
  AtomicFile second(path);
  second.write("sec", 3);
  CHECK_THROWS_WITH(first.commit(), contains(path + ": another process"));
  CHECK_FALSE(fs::exists(path));
  second.write("ond", 3);
  second.commit();
  CHECK(read_whole(path) == "second");
}

TEST_CASE("outputs: lines are appended whole, and a full disk is named") {
  const TempFolder folder;
  const std::string path = folder.path() + "/lines";
  append_line(path, "a");
  append_line(path, "b");
  CHECK(read_whole(path) == "a\nb\n");
  CHECK_THROWS_WITH(append_line(folder.path(), "a"), contains(folder.path() + ": writing failed"));
  if (!fs::exists("/dev/full")) return;
  CHECK_THROWS_WITH(append_line("/dev/full", "a"), contains("/dev/full: writing failed: No space"));
}

TEST_CASE("one line: control characters and bytes that are no UTF-8 are shown, UTF-8 stays") {
  using data::one_line;
  CHECK(one_line("gr\xC3\xB6\xC3\x9F"
                 "e \xE2\x82\xAC \xF0\x9F\x98\x80 a\\b") ==
        "gr\xC3\xB6\xC3\x9F"
        "e \xE2\x82\xAC \xF0\x9F\x98\x80 a\\b");
  CHECK(one_line("a\x1b[31m\r\n\t\x7f") == R"(a\x1b[31m\x0d\x0a\x09\x7f)");
  CHECK(one_line("\xC2\x9B"
                 "2J") == R"(\xc2\x9b2J)");  // C1, which some terminals obey
  CHECK(one_line("caf\xE9, \xC0\xAF") == R"(caf\xe9, \xc0\xaf)");
  CHECK(one_line("\xE2\x82") == R"(\xe2\x82)");  // cut short
  CHECK(data::printable("a\nb\tc") == "a\nb\\x09c");
  CHECK(data::is_utf8("\x1b\xC2\x9B"));
  CHECK_FALSE(data::is_utf8("caf\xE9"));
  // A name that is too long leaves the reason in sight, and no character is cut.
  for (const std::size_t count : {300, 500, 1001, 5000}) {
    std::string name;
    for (std::size_t i = 0; i < count; ++i) name += "\xC3\xB6";
    const std::string line = one_line("data/" + name + "\x1b: cannot be opened");
    CHECK(line.starts_with("data/\xC3\xB6"));
    CHECK(line.ends_with(R"(\x1b: cannot be opened)"));
    CHECK(line.size() <= 1000);
    CHECK(data::is_utf8(line));
  }
}
