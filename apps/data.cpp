#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "apps/command.hpp"
#include "apps/program.hpp"
#include "lab/data/load.hpp"
#include "apps/reports/show.hpp"

namespace nelbo {

void add_data_command(CLI::App& program, int& exit_code) {
  struct Options {
    std::string spec;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* data = program.add_subcommand("data", "Look at data sets");
  data->require_subcommand(1);
  CLI::App* show = data->add_subcommand(
      "show", "Print counts, shape, range, mean, standard deviation and labels of every split");
  show->add_option(
          "SPEC", options->spec,
          "sprites, sprites:32, sprites:full, fashion-mnist, a folder, a file, or "
          "FILE:member; files are IDX, amat, NPY or CSV, gzipped or not, NPZ or safetensors")
      ->required();
  show->add_flag("--json", options->json, "print one JSON object");
  show->footer(
      "Examples:\n"
      "  nelbo data show sprites\n"
      "  nelbo data show path/to/mnist --json\n"
      "  nelbo data show archive.npz:imgs");
  show->callback([options, &exit_code] {
    const data::Dataset dataset = data::read_dataset(options->spec);
    if (options->json)
      std::cout << data::show_json(dataset).dump(2, ' ', false,
                                                 nlohmann::ordered_json::error_handler_t::replace)
                << "\n";
    else
      std::cout << data::show_text(dataset);
    exit_code = exit_done;
  });
}

}  // namespace nelbo
