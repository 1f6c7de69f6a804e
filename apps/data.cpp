#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/show.hpp"
#include "lab/data/load.hpp"

namespace nelbo {
namespace {

struct DataOptions {
  std::string spec, label;
  bool json = false;
};

int show(const DataOptions& options) {
  const data::Dataset dataset = data::read_dataset(options.spec, options.label);
  if (options.json)
    print_json(data::show_json(dataset));
  else
    std::cout << data::show_text(dataset);
  return exit_done;
}

Action declare_show(CommandLine& command) {
  auto options = std::make_shared<DataOptions>();
  command
      .flag("SPEC", options->spec,
            "sprites, sprites:32, sprites:full, sprites:grid[:32], fashion-mnist, a folder, a "
            "file, or "
            "FILE:member; files are IDX, amat, NPY or CSV, gzipped or not, NPZ or safetensors")
      .required();
  command
      .flag("--label", options->label,
            "the column or array of labels, or none [what is clearly labels]")
      .type("NAME");
  command.flag("--json", options->json, "print one JSON object");
  command.footer(
      "Examples:\n"
      "  nelbo data show sprites\n"
      "  nelbo data show path/to/mnist --json\n"
      "  nelbo data show archive.npz:imgs");
  return [options] { return show(*options); };
}

}  // namespace

Command data_command() {
  return {"data", "Look at data sets", [](CommandLine& command) -> Action {
            command.subcommand(
                {"show",
                 "Print counts, shape, range, mean, standard deviation and labels of every split",
                 declare_show});
            return {};
          }};
}

}  // namespace nelbo
