// A run folder belongs to one process at a time, and to nobody once that has died.
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "autodiff/setting_error.hpp"
#include "lab/training/run_folder.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using nelbo::tests::operator/;

TEST_CASE("run lock: the second is told who holds it, and has it once the first is gone") {
  const tests::TempFolder folder;
  const std::string process = "process " + std::to_string(::getpid()) + " on host ";
  {
    const RunLock lock(folder.path());
    CHECK(lock.note().empty());
    CHECK_THAT(read_text(folder / "lock"), contains(process));
    CHECK_THROWS_WITH(RunLock(folder.path()), contains(folder.path()) && contains(process));
    CHECK_THAT(RunLock::owner(folder.path()), contains(process));
  }
  CHECK(RunLock::owner(folder.path()).empty());
  CHECK_FALSE(std::filesystem::exists(folder / "lock"));
  CHECK_NOTHROW(RunLock(folder.path()));
}

TEST_CASE("run lock: what a process that died leaves behind does not hold") {
  const tests::TempFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    const RunLock lock(folder.path());
    ::_exit(7);  // without destructors, as by kill -9
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WEXITSTATUS(status) == 7);
  REQUIRE(std::filesystem::exists(folder / "lock"));
  CHECK(RunLock::owner(folder.path()).empty());
  const RunLock lock(folder.path());
  CHECK_THAT(read_text(folder / "lock"), contains("process " + std::to_string(::getpid())));
}

TEST_CASE("run lock: of many at once exactly one gets a folder") {
  const tests::TempFolder folder;
  constexpr int rounds = 20, rivals = 4;
  for (int round = 0; round < rounds; ++round) {
    const std::string run = folder / ("run" + std::to_string(round));
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    std::vector<pid_t> children;
    for (int i = 0; i < rivals; ++i) {
      children.push_back(::fork());
      if (children.back() != 0) continue;
      ::close(ends[1]);
      char go;
      (void)!::read(ends[0], &go, 1);  // until the parent closes the pipe
      try {
        const RunLock lock = RunFolder::at(run).make();
        ::usleep(300000);  // longer than whoever only looks is given
        ::_exit(1);
      } catch (const Error&) {
        ::_exit(0);
      }
    }
    ::close(ends[0]);
    ::close(ends[1]);
    int owners = 0;
    for (const pid_t child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      owners += WEXITSTATUS(status);
    }
    CHECK(owners == 1);
  }
}

TEST_CASE("run lock: a folder in use is no folder for a new run") {
  const tests::TempFolder folder;
  const RunLock lock = RunFolder::at(folder / "run").make();
  CHECK_THROWS_WITH(RunFolder::at(folder / "run"),
                    contains("out: ") && contains("in use by process "));
}
