#pragma once
#include <string>

#include "apps/cli/run_flags.hpp"
#include "lab/evaluation/disentanglement/read_codes.hpp"

namespace nelbo {

/// Points, and of what they are: "runs/a on sprites:grid".
struct NamedPoints {
  disentanglement::PointsRead read;
  std::string name;
};

/// The codes of a run on all of its data: of sprites the whole grid, of others the examples of all
/// splits; of --data or --split those alone. Throws as apply_run and points_of do.
NamedPoints run_points(const RunFlags& flags);

/// The same without factors, which the data need not have.
NamedPoints run_codes(const RunFlags& flags);

}  // namespace nelbo
