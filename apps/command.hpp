#pragma once
#include <CLI/CLI.hpp>

namespace nelbo {

/// Each subcommand adds itself to the program: its flags, its help with examples, and a callback
/// that stores the exit code in `exit_code`. The list of all commands is in program.cpp.
void add_train_command(CLI::App& program, int& exit_code);
void add_eval_command(CLI::App& program, int& exit_code);
void add_bounds_command(CLI::App& program, int& exit_code);
void add_gradvar_command(CLI::App& program, int& exit_code);
void add_encode_command(CLI::App& program, int& exit_code);
void add_sample_command(CLI::App& program, int& exit_code);
void add_data_command(CLI::App& program, int& exit_code);
void add_bench_command(CLI::App& program, int& exit_code);
void add_decompose_command(CLI::App& program, int& exit_code);
void add_verify_command(CLI::App& program, int& exit_code);
void add_objectives_command(CLI::App& program, int& exit_code);
void add_explain_command(CLI::App& program, int& exit_code);
void add_info_command(CLI::App& program, int& exit_code);

}  // namespace nelbo
