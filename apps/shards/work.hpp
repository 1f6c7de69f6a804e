#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/command_line.hpp"
#include "apps/shards/part.hpp"

namespace nelbo {

/// What a command computes before it shows anything: items 0 .. items - 1, each of which depends on its
/// number alone, so that any process may compute it.
struct Work {
  std::string of;  // one line: all that the results depend on
  std::size_t items = 0;
  /// False where a signal ended it.
  std::function<bool(std::size_t item, ItemResult& result)> compute;
};

/// --shard, and --out that names its part.
struct ShardFlags {
  std::string shard;  // empty: the whole work is done
  std::string out;    // empty: the part's usual name, here
};

/// Both flags; `out` false for a command that has an --out of its own.
void add_shard_flags(CommandLine& command, ShardFlags& flags, bool out = true);

/// Results of all items in their order, or the exit code of a command that has nothing to show: its shard
/// was written, or a signal came.
struct Done {
  std::vector<ItemResult> results;
  std::optional<int> exit_code = {};
};

/// Computes the items, several ranks a shard each, of which the first shows and writes; with --shard those
/// of the shard alone, which are written as a part, unless it is there already. While parts are
/// gathered, the results are theirs. Throws Error where these are of something else, SettingError for `out` without
/// `shard`.
Done work_through(const Work& work, const ShardFlags& flags);

/// Parts that fit together, while a command is asked to show what they hold.
class Gathered {
 public:
  /// `parts`: all shards of one work.
  explicit Gathered(std::vector<WorkPart> parts);
  ~Gathered();
  Gathered(const Gathered&) = delete;
  Gathered& operator=(const Gathered&) = delete;

  static Gathered* current();
  std::vector<ItemResult> take(const Work& work);

 private:
  std::string of_;
  std::vector<ItemResult> results_;
};

}  // namespace nelbo
