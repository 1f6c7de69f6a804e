#pragma once
#include "apps/command.hpp"

namespace nelbo {

// The commands of nelbo, in a file each: name, summary, flags with examples, and what it does. The
// list of all is in commands.cpp.
Command train_command();
Command sweep_command();
Command presets_command();
Command reproduce_command();
Command runs_command();
Command report_command();
Command eval_command();
Command bounds_command();
Command ais_command();
Command gradvar_command();
Command gather_command();
Command encode_command();
Command sample_command();
Command decode_command();
Command reconstruct_command();
Command traverse_command();
Command impute_command();
Command pictures_command();
Command data_command();
Command bench_command();
Command decompose_command();
Command disentangle_command();
Command verify_command();
Command models_command();
Command objectives_command();
Command explain_command();
Command info_command();

}  // namespace nelbo
