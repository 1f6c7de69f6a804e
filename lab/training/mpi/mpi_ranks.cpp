// Ranks by MPI's C interface: a module of its own, which is loaded where a process is one of several
// (mpi_module.cpp), so that nothing else of nelbo knows MPI and no other start pays for it.
#include <mpi.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "lab/training/ranks.hpp"

namespace nelbo {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t piece = std::size_t{1} << 30;  // MPI counts in int
constexpr int tag = 19;

/// "Open MPI v4.1.4", "MPICH 4.0.2" of a text of several lines, with the package that built it.
std::string library_name() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  MPI_Get_library_version(text, &length);
  std::string name(text, std::size_t(std::max(length, 0)));
  name.resize(name.find_first_of(",\n") == std::string::npos ? name.size()
                                                             : name.find_first_of(",\n"));
  for (char& c : name) c = c == '\t' ? ' ' : c;
  const std::string word = "Version: ";
  if (const std::size_t at = name.find(word); at != std::string::npos) name.erase(at, word.size());
  while (!name.empty() && (name.back() == ' ' || name.back() == '\0')) name.pop_back();
  return name;
}

class MpiRanks final : public Ranks {
 public:
  MpiRanks() {
    int given = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &given);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string library() const override { return library_name(); }

  void send(std::span<const std::byte> bytes, int to) override {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      MPI_Request request;
      MPI_Isend(bytes.data() + at, int(std::min(piece, bytes.size() - at)), MPI_BYTE, to, tag,
                MPI_COMM_WORLD, &request);
      wait(request);
    }
  }

  void receive(std::span<std::byte> bytes, int from) override {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      MPI_Request request;
      MPI_Irecv(bytes.data() + at, int(std::min(piece, bytes.size() - at)), MPI_BYTE, from, tag,
                MPI_COMM_WORLD, &request);
      wait(request);
    }
  }

  void gather(std::span<std::byte> all, std::span<const std::size_t> ends) override {
    if (all.size() >= piece) {  // of so much the start of a message counts for nothing
      for (int r = 0; r < size_; ++r) {
        const std::size_t begin = r == 0 ? 0 : ends[std::size_t(r) - 1];
        broadcast(all.subspan(begin, ends[std::size_t(r)] - begin), r);
      }
      return;
    }
    counts_.resize(std::size_t(size_));
    begins_.resize(std::size_t(size_));
    for (std::size_t r = 0; r < counts_.size(); ++r) {
      begins_[r] = r == 0 ? 0 : int(ends[r - 1]);
      counts_[r] = int(ends[r]) - begins_[r];
    }
    MPI_Request request;
    MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_BYTE, all.data(), counts_.data(), begins_.data(), MPI_BYTE,
                    MPI_COMM_WORLD, &request);
    wait(request);
  }

  void broadcast(std::span<std::byte> bytes, int from) override {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      MPI_Request request;
      MPI_Ibcast(bytes.data() + at, int(std::min(piece, bytes.size() - at)), MPI_BYTE, from,
                 MPI_COMM_WORLD, &request);
      wait(request);
    }
  }

  [[noreturn]] void abort(int exit_code) override {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    std::_Exit(exit_code);
  }

  void finish() override {
    MPI_Request request;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    wait(request);
    MPI_Finalize();
  }

 private:
  /// At first without rest, since the others mostly come soon; then the core is another's who needs it.
  void wait(MPI_Request& request) {
    const auto begin = Clock::now();
    for (int turn = 1;; ++turn) {
      int done = 0;
      MPI_Test(&request, &done, MPI_STATUS_IGNORE);
      if (done != 0) return;
      if (turn % 64 != 0) continue;
      sched_yield();
      const auto waited = Clock::now() - begin;
      if (waited < std::chrono::milliseconds(2)) continue;
      if (!patient) while_waiting();
      // Messages come in pieces, one for each look: 100 us a piece are the speed of a fast network.
      const bool long_since = waited > std::chrono::milliseconds(200);
      std::this_thread::sleep_for(std::chrono::microseconds(long_since ? 100 : 20));
    }
  }

  int rank_ = 0, size_ = 1;
  std::vector<int> counts_, begins_;
};

}  // namespace
}  // namespace nelbo

extern "C" {

nelbo::Ranks* nelbo_mpi_ranks() {
  static nelbo::MpiRanks ranks;
  return &ranks;
}

const char* nelbo_mpi_library() {
  static const std::string name = nelbo::library_name();
  return name.c_str();
}
}
