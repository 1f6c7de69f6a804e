#pragma once
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "apps/shards/shard.hpp"

namespace nelbo {

/// What an item of a command came to: numbers, and what says of what they are.
struct ItemResult {
  std::string text = {};
  std::vector<double> numbers = {};
};

/// The next `count` of an item's numbers, which are not left then. Throws Error where there are fewer.
std::span<const double> taken(std::span<const double>& left, std::size_t count);

/// The file that a shard leaves: a safetensors file with a digest, which is there whole or not at all.
struct WorkPart {
  std::vector<std::string> words;  // of the command, without those that say where, how and which
  std::string of;                  // all that the results depend on, in one line
  Shard shard;
  std::size_t items = 0;                      // of all shards
  std::map<std::size_t, ItemResult> results;  // of this one's

  /// "bounds-03-of-16.part"
  std::string usual_name() const;
};

/// Throws Error naming the path.
void write_part(const std::string& path, const WorkPart& part);
/// Throws Error naming the path where it is no part, damaged, or does not hold what its shard has to.
WorkPart read_part(const std::string& path);

}  // namespace nelbo
