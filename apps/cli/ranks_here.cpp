#include "apps/cli/ranks_here.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "apps/cli/cores.hpp"
#include "apps/cli/signals.hpp"
#include "apps/cli/standard_streams.hpp"
#include "apps/exit_code.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/number_of.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/training/mpi_module.hpp"

namespace nelbo {
namespace {

using Clock = std::chrono::steady_clock;

Ranks* joined_ranks = nullptr;

// Others wait so long before they end by themselves, so that the first rank has told why: a launcher ends all
// as soon as one has failed.
constexpr std::chrono::seconds first_tells{1};
// After a signal a rank waits so long for the others to come to the end of their step.
constexpr std::chrono::seconds patience_after_signal{8};

std::optional<int> number_left(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? std::nullopt : number_of<int>(text);
}

/// Where a rank stands: alike on a machine are those of one host.
struct RankPlace {
  std::array<char, 64> host{};
  cpu_set_t cores{};
  std::uint64_t threads = 1;
};

RankPlace own_place() {
  RankPlace place;
  gethostname(place.host.data(), place.host.size() - 1);
  CPU_ZERO(&place.cores);
  sched_getaffinity(0, sizeof place.cores, &place.cores);
  place.threads = default_threads();
  return place;
}

/// Throws where ranks would compute other bits.
void check_equals(Ranks& ranks) {
  const std::string own = fmt::format("nelbo {} with {}", NELBO_VERSION, active_isa());
  const std::string first = ranks.text_of(own, 0);
  std::vector<std::int64_t> other(std::size_t(ranks.size()), own == first ? 0 : 1);
  ranks.gather_shares(other.data(), other.size(), sizeof(std::int64_t));
  const auto at = std::find(other.begin(), other.end(), 1);
  if (at == other.end()) return;
  const int rank = int(at - other.begin());
  const std::string there = ranks.text_of(own, rank);
  ranks.all_failed = true;
  throw SettingError("", fmt::format("rank 0 is {}, and rank {} is {}: their bits would differ; "
                                     "start one program everywhere, and set NELBO_ISA to what all "
                                     "machines have",
                                     first, rank, there));
}

}  // namespace

Launch launch() {
  struct Names {
    const char *rank, *size;
  };
  // Open MPI's mpirun; MPICH's and srun's PMI; srun's PMIx, whose size is that of the job step.
  for (const Names& names :
       {Names{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}, Names{"PMI_RANK", "PMI_SIZE"},
        Names{"PMIX_RANK", "SLURM_STEP_NUM_TASKS"}}) {
    const auto rank = number_left(names.rank), size = number_left(names.size);
    if (rank && size && *size > 1) return {*rank, *size};
  }
  return {};
}

void mute_others() {
  if (launch().rank > 0) mute_standard_streams();
}

void join_ranks(const std::string& command) {
  const Launch started = launch();
  if (started.size == 1) return;
  const std::array<std::string, 4> of_several{"train", "bounds", "ais", "gradvar"};
  if (std::find(of_several.begin(), of_several.end(), command) == of_several.end()) {
    throw SettingError("", fmt::format("{} is computed by one process, and {} were started; start "
                                       "it without mpirun or srun (train, bounds, ais and gradvar "
                                       "are for several)",
                                       command, started.size));
  }
  try {
    joined_ranks = &mpi_ranks();
  } catch (const Error& error) {
    throw SettingError("", fmt::format("{} processes were started together: {}; or start one",
                                       started.size, error.what()));
  }
  if (joined_ranks->size() != started.size) {
    joined_ranks->all_failed = true;
    throw SettingError("",
                       fmt::format("{} processes were started, and {} sees {}: start them with "
                                   "the mpirun or srun of this MPI",
                                   started.size, joined_ranks->library(), joined_ranks->size()));
  }
  joined_ranks->while_waiting = [since = std::optional<Clock::time_point>()]() mutable {
    if (pending_signal() == 0) return;
    if (!since) since = Clock::now();
    if (Clock::now() - *since < patience_after_signal) return;
    throw Error("a signal came, and the other processes do not answer: one of them has ended");
  };
  check_equals(*joined_ranks);
}

Ranks& ranks_here() { return joined_ranks == nullptr ? one_process() : *joined_ranks; }

std::size_t default_threads_here() {
  Ranks& ranks = ranks_here();
  if (ranks.size() == 1) return default_threads();
  const RankPlace own = own_place();
  std::vector<RankPlace> all(std::size_t(ranks.size()), own);
  ranks.gather_shares(all.data(), all.size(), sizeof(RankPlace));
  cpu_set_t together = own.cores;
  std::size_t of_host = 0;
  for (const RankPlace& place : all) {
    if (place.host != own.host) continue;
    ++of_host;
    CPU_OR(&together, &together, &place.cores);
  }
  const std::size_t share = std::size_t(CPU_COUNT(&together)) / of_host;
  return std::max<std::size_t>(1, std::min<std::size_t>(share, own.threads));
}

int leave_ranks(int exit_code) {
  if (joined_ranks != nullptr) {
    joined_ranks->finish();
  } else if (launch().rank > 0 && exit_code != exit_done) {
    std::this_thread::sleep_for(first_tells);
  }
  return exit_code;
}

int leave_ranks_failing(int (*tell)()) {
  if (joined_ranks == nullptr || joined_ranks->all_failed) return leave_ranks(tell());
  if (!joined_ranks->first()) {
    std::this_thread::sleep_for(first_tells);
    unmute_stderr();
    std::cerr << fmt::format("rank {}: ", joined_ranks->rank());
  }
  const int code = tell();
  std::cerr.flush();
  joined_ranks->abort(code);
  return code;  // GCC 12 does not see that a virtual function never returns
}

}  // namespace nelbo
