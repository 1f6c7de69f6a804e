#include "lab/training/parts_setting.hpp"

#include <fmt/format.h>

#include "autodiff/setting_error.hpp"

namespace nelbo {

std::int64_t parts_for(std::int64_t asked, const Ranks& ranks, Memory memory) {
  std::int64_t parts = asked;
  if (parts == 0) {
    parts = ranks.size();
    while (memory == Memory::low && parts < parts_of_low_memory) {
      parts += ranks.size();
    }
  }
  if (memory == Memory::low && parts == ranks.size()) {
    throw SettingError("memory",
                       fmt::format("low: {} has one part of every batch, which is of the run's "
                                   "settings, and nothing to compute "
                                   "after it; a new run with --memory low and no --parts has more",
                                   ranks.size() == 1 ? "the run" : "each process"));
  }
  if (parts % ranks.size() != 0) {
    throw SettingError("parts", fmt::format("the batches' {} {} cannot be dealt out to {} "
                                            "processes; start a number of them that divides it",
                                            parts, parts == 1 ? "part" : "parts", ranks.size()));
  }
  return parts;
}

}  // namespace nelbo
