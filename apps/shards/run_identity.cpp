#include "apps/shards/run_identity.hpp"

#include <fmt/format.h>

#include "autodiff/instruction_set.hpp"
#include "lab/files/xxh64.hpp"

namespace nelbo {
namespace {

std::string hash_of(const ParameterStore& store) {
  Xxh64 parameters;
  parameters.update(store.data(), store.size() * size_of(store.dtype()));
  return parameters.hex();
}

std::string data_of(const LoadedRun& run) {
  return fmt::format("{} ({})", run.data->spec, data::content_hash(*run.data));
}

}  // namespace

std::string identity_of(const LoadedRun& run) {
  return fmt::format("parameters {}, {}", hash_of(*run.store), data_of(run));
}

std::string identity_of(const AppliedRun& applied, std::size_t count) {
  return fmt::format("seed {}, isa {}, parameters {}, {} examples of {} of {}", applied.seed,
                     active_isa(), hash_of(*applied.run.store), count,
                     applied.examples.split().name, data_of(applied.run));
}

}  // namespace nelbo
