#pragma once
#include <cstddef>
#include <string>

#include "lab/training/ranks.hpp"

namespace nelbo {

/// What mpirun or srun leaves in the environment of the processes that it starts: one alone where it says
/// nothing.
struct Launch {
  int rank = 0, size = 1;
};
Launch launch();

/// Of several processes, mutes those but the first: it alone prints. The first thing that the program does.
void mute_others();

/// Makes this process a rank of those that were started together, for a command that several compute
/// together. Throws SettingError for another command, and where the ranks are no equals; Error where nelbo
/// was built without MPI.
void join_ranks(const std::string& command);

/// The ranks of this command; one_process() where it is alone.
Ranks& ranks_here();

/// Cores for each rank: those that the ranks of this machine may use together, dealt out, and no more than its
/// own. A call of all ranks.
std::size_t default_threads_here();

/// The command is over, with this exit code, on all ranks. Returns it.
int leave_ranks(int exit_code);

/// The same of a command that an exception ends, in its handler: `tell` says what it was and returns the exit
/// code. Where the other ranks do not know of it they are ended too.
int leave_ranks_failing(int (*tell)());

}  // namespace nelbo
