#include "apps/shards/run_identity.hpp"

#include <fmt/format.h>

#include "autodiff/instruction_set.hpp"
#include "lab/files/xxh64.hpp"

namespace nelbo {

std::string identity_of(const AppliedRun& applied, std::size_t count) {
  const ParameterStore& store = *applied.run.store;
  Xxh64 parameters;
  parameters.update(store.data(), store.size() * size_of(store.dtype()));
  return fmt::format("seed {}, isa {}, parameters {}, {} examples of {} of {} ({})", applied.seed,
                     active_isa(), parameters.hex(), count, applied.examples.split().name,
                     applied.run.data->spec, data::content_hash(*applied.run.data));
}

}  // namespace nelbo
