#pragma once
#include <functional>
#include <string>

#include "apps/cli/run_flags.hpp"
#include "lab/evaluation/disentanglement/read_codes.hpp"

namespace nelbo {

/// Points, and of what they are: "runs/a on sprites:grid".
struct NamedPoints {
  disentanglement::PointsRead read;
  std::string name;
  std::string identity;  // one line: what they depend on, by hashes
  std::function<void(disentanglement::Points&)> encode =
      {};  // adds the codes where they are missing

  /// The points with their codes.
  const disentanglement::Points& encoded();
};

/// A run's factors on all of its data, to be encoded when codes are wanted: of sprites the whole grid, of
/// others the examples of all splits; of --data or --split those alone. Throws as apply_run and factors_of do,
/// encoded() as codes_of.
NamedPoints run_points(const RunFlags& flags);

/// The points of a file of anybody's codes. Throws as read_codes does.
NamedPoints file_points(const std::string& path);

/// The codes of a run on the same data, which need have no factors.
NamedPoints run_codes(const RunFlags& flags);
/// What they depend on, in one line.
std::string codes_identity(const RunFlags& flags);

}  // namespace nelbo
