#include <sys/wait.h>

#include <fstream>

#include "autodiff/error.hpp"
#include "lab/data/load.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NELBO_TEST_MEMORY_IS_INFLATED
#endif

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// Peak resident memory of this process in MiB.
double peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  return -1;
}

struct Outcome {
  bool refused = false;  ///< by nelbo::Error
  double peak = -1;      ///< MiB
  std::string message;
};

/// Reads the data in a child process, whose peak memory is its own.
Outcome read_in_child(const std::string& path) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::string report;
    try {
      data::read_dataset(path);
      report = "0 ";
    } catch (const Error& error) {
      report = "1 " + std::string(error.what());
    } catch (...) {
      report = "2 ";
    }
    report += "\n" + std::to_string(peak_memory());
    const bool sent = ::write(ends[1], report.data(), report.size()) > 0;
    ::_exit(sent ? 0 : 1);
  }
  ::close(ends[1]);
  std::string report;
  char buffer[4096];
  for (ssize_t got; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    report.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  const std::size_t line = report.rfind('\n');
  REQUIRE(line != std::string::npos);
  return {report.starts_with("1 "), std::stod(report.substr(line + 1)), report.substr(2, line - 2)};
}

void check_refused(const std::string& path, const std::string& reason) {
  const Outcome outcome = read_in_child(path);
  INFO(outcome.message);
  CHECK(outcome.refused);
  CHECK_THAT(outcome.message, contains(reason));
#ifdef NELBO_TEST_MEMORY_IS_INFLATED
  WARN("peak memory not checked: a sanitizer inflates it");
#else
  CHECK(outcome.peak > 0);
  CHECK(outcome.peak < 256);
#endif
}

constexpr int gibibytes10 = 160;  // x 64 MiB

}  // namespace

TEST_CASE("Gzip bombs that keep their promise of 10 GB are refused within 256 MiB") {
  const TempFolder folder;
  check_refused(folder.write("a", gzip_bomb(idx({13000000, 28, 28}, ""), '\0', gibibytes10)),
                "refused as a bomb");
  check_refused(folder.write("b", gzip_bomb(npy("|u1", "(10000000, 1024)", ""), '\1', gibibytes10)),
                "refused as a bomb");
  check_refused(folder.write("c", gzip_bomb("0 ", ' ', gibibytes10)), "refused as a bomb");
  check_refused(folder.write("d", gzip_bomb("1\n", '\n', gibibytes10)), "refused as a bomb");
  check_refused(folder.write("e.csv", gzip_bomb("a,b\n1,2\n", '\n', gibibytes10)),
                "refused as a bomb");
  check_refused(folder.write("f.csv", gzip_bomb("a", ',', gibibytes10)), "too many fields");
}

TEST_CASE("Zip bombs are refused within 256 MiB") {
  const TempFolder folder;
  const std::string header = npy("|u1", "(4000000, 1024)", "");
  ZipMember bomb{"imgs.npy", header, true};
  bomb.packed = deflated_bomb(header, '\0', 61);
  bomb.claimed_size = 4000000ll * 1024 + static_cast<std::int64_t>(header.size());
  check_refused(folder.write("a.npz", zip({bomb})), "refused as a bomb");
  // The same with a directory that claims little: what arrives beyond the claim is never read.
  bomb.claimed_size = 1000;
  check_refused(folder.write("b.npz", zip({bomb})), "can hold at most");
  // 2000 members that share the same packed bytes.
  std::vector<ZipMember> members{{"imgs.npy", npy("|u1", "(1, 65536)", std::string(65536, 'x'))}};
  for (int i = 0; i < 2000; ++i) {
    const auto size = static_cast<std::int64_t>(members.front().content.size());
    members.push_back({std::string("m").append(std::to_string(i)), "x", false, size, size, 0});
  }
  check_refused(folder.write("c.npz", zip(members)), "damaged zip archive");
}

TEST_CASE("A zip64 directory that claims 2^60 entries costs nothing") {
  const TempFolder folder;
  const std::uint64_t many = std::uint64_t{1} << 60;
  const std::string end64 = "PK\6\6" + little(44, 8) + little(45, 2) + little(45, 2) +
                            little(0, 4) + little(0, 4) + little(many, 8) + little(many, 8) +
                            little(46, 8) + little(4, 8);
  const std::string start = "PK\3\4" + std::string(46, '\0');
  const std::string locator = "PK\6\7" + little(0, 4) + little(start.size(), 8) + little(1, 4);
  const std::string end = "PK\5\6" + little(0, 4) + little(0xffff, 2) + little(0xffff, 2) +
                          little(0xffffffff, 4) + little(0xffffffff, 4) + little(0, 2);
  check_refused(folder.write("a.npz", start + end64 + locator + end), "damaged zip archive");
}

TEST_CASE("Files of 10 GB that are nearly all hole are refused within 256 MiB") {
  const TempFolder folder;
  const auto with_hole = [&](const std::string& name, const std::string& start) {
    const std::string path = folder.write(name, start);
    std::filesystem::resize_file(path, 10000000000);
    return path;
  };
  check_refused(with_hole("a", idx({12755102, 28, 28}, "")), "can hold at most");
  check_refused(with_hole("b", npy("|u1", "(9765625, 1024)", "")), "can hold at most");
  check_refused(with_hole("c.amat", "1 2\n"), "a field is too long");
  check_refused(with_hole("d.csv", "1,2\n"), "a field is too long");
  check_refused(with_hole("e.npz", "PK\3\4"), "damaged zip archive");
  const std::string json =
      R"({"a":{"dtype":"U8","shape":[99999999,100],"data_offsets":[0,9999999900]}})";
  const std::string padded = json + std::string(100 - 8 - json.size(), ' ');
  check_refused(with_hole("f", tests::safetensors(padded, "")), "refused as a bomb");
}

TEST_CASE("Headers that claim terabytes cost nothing") {
  const TempFolder folder;
  check_refused(folder.write("a", idx({0xffffffff, 65535, 1}, "")), "can hold at most");
  check_refused(folder.write("b", gzip(idx({0xffffffff, 65535, 1}, ""))), "can hold at most");
  check_refused(folder.write("c", npy("<f8", "(1099511627776, 16)", "")), "can hold at most");
  check_refused(folder.write("d", zip({{"imgs.npy", npy("<f8", "(1099511627776, 16)", "")}})),
                "can hold at most");
  check_refused(folder.write("e", little(99999999, 8) + "{}"), "can hold at most");
}

TEST_CASE("Dense data of the same size is read: the bound is on claims and bombs, not on data") {
  const TempFolder folder;
  // 80 MiB of pseudo-random bits as bytes: packs about 6-fold.
  std::string pixels(80 << 20, '\0');
  std::uint32_t state = 1;
  for (char& pixel : pixels) {
    state = state * 1664525 + 1013904223;
    pixel = static_cast<char>(state >> 31);
  }
  const std::string path = folder.write("a", idx({80, 1024, 1024}, pixels));
  const Outcome outcome = read_in_child(path);
  INFO(outcome.message);
  CHECK(!outcome.refused);
  CHECK_THAT(outcome.message, equals(""));
}
