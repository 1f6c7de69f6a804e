#include "apps/cli/commands.hpp"

namespace nelbo {

Registry<Command>& commands() {
  static Registry<Command> all(
      "command",
      {train_command(),      sweep_command(),       presets_command(),  reproduce_command(),
       runs_command(),       report_command(),      eval_command(),     bounds_command(),
       ais_command(),        gradvar_command(),     encode_command(),   sample_command(),
       decode_command(),     reconstruct_command(), traverse_command(), impute_command(),
       gather_command(),     pictures_command(),    data_command(),     bench_command(),
       decompose_command(),  disentangle_command(), verify_command(),   models_command(),
       objectives_command(), explain_command(),     info_command()});
  return all;
}

}  // namespace nelbo
