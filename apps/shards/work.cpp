#include "apps/shards/work.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <span>
#include <utility>

#include "apps/cli/fail.hpp"
#include "apps/cli/ranks_here.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/cli/signals.hpp"
#include "apps/cli/words_given.hpp"
#include "apps/exit_code.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

Gathered* gathered = nullptr;

/// The words of the command without those that say which shard, where to, how shown and how fast.
std::vector<std::string> words_of_work() {
  std::vector<std::string> words = words_given(), kept;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string name = words[i].substr(0, words[i].find('='));
    if (name == "--json" || name == "--quiet") continue;
    if (name == "--shard" || name == "--out" || name == "--threads") {
      if (name == words[i]) ++i;  // its value is the next word
      continue;
    }
    kept.push_back(words[i]);
  }
  return kept;
}

int write_shard(const Work& work, const ShardFlags& flags) {
  WorkPart part{.words = words_of_work(),
                .of = data::one_line(work.of),
                .shard = read_shard(flags.shard),
                .items = work.items,
                .results = {}};
  const std::string path = flags.out.empty() ? part.usual_name() : flags.out;
  read_setting("out", [&] { check_output(path); });
  std::error_code unknown;
  if (std::filesystem::exists(path, unknown)) {
    const WorkPart there = read_part(path);
    if (there.of != part.of || there.shard.text() != part.shard.text()) {
      fail(path, "is shard {} of another work; name another file with --out, or remove it",
           there.shard.text());
    }
    tell(data::one_line(path) + ": is there already");
    return exit_done;
  }
  for (std::size_t item = 0; item < work.items; ++item) {
    if (!part.shard.takes(item)) continue;
    if (!work.compute(item, part.results[item])) return exit_code_of_signal(pending_signal());
  }
  write_part(path, part);
  tell(fmt::format("{}: shard {}, {} of {} items", data::one_line(path), part.shard.text(),
                   part.results.size(), work.items));
  return exit_done;
}

/// Afterwards every rank has the result.
void pass_on(ItemResult& result, Ranks& ranks, int from) {
  result.text = ranks.text_of(std::move(result.text), from);
  std::uint64_t count = result.numbers.size();
  ranks.broadcast(std::as_writable_bytes(std::span(&count, 1)), from);
  result.numbers.resize(count);
  ranks.broadcast(std::as_writable_bytes(std::span(result.numbers)), from);
}

/// Each rank computes its shard, and all have all results.
Done share_out(const Work& work, Ranks& ranks) {
  const Shard own{std::size_t(ranks.rank()), std::size_t(ranks.size())};
  std::vector<ItemResult> results(work.items);
  bool whole = true;
  for (std::size_t item = 0; item < work.items && whole; ++item) {
    if (own.takes(item)) whole = work.compute(item, results[item]);
  }
  if (const auto signal = int(ranks.largest(whole ? 0 : pending_signal())); signal != 0) {
    return {.results = {}, .exit_code = exit_code_of_signal(signal)};
  }
  for (std::size_t item = 0; item < work.items; ++item) {
    pass_on(results[item], ranks, int(item % std::size_t(ranks.size())));
  }
  return {.results = std::move(results)};
}

}  // namespace

void add_shard_flags(CommandLine& command, ShardFlags& flags, bool out) {
  command
      .flag(
          "--shard", flags.shard,
          "only share i of n of the work, i = 0 to n-1, as a part for `nelbo gather`; auto/n: i is "
          "the task of a job array")
      .type("i/n");
  if (!out) return;
  command.flag("--out", flags.out, "with --shard, the part's file [COMMAND-i-of-n.part]")
      .type("FILE");
}

Done work_through(const Work& work, const ShardFlags& flags) {
  if (!flags.out.empty() && flags.shard.empty()) {
    throw SettingError("out",
                       Gathered::current() != nullptr
                           ? "is for parts of gradvar and of sweep: what these show is no folder"
                           : "names the file of a part, which only --shard i/n writes");
  }
  if (Gathered* parts = Gathered::current()) return {.results = parts->take(work)};
  Ranks& ranks = ranks_here();
  if (!flags.shard.empty()) {
    if (ranks.size() > 1) throw SettingError("shard", "is for one process; several share out all");
    return {.results = {}, .exit_code = write_shard(work, flags)};
  }
  if (ranks.size() > 1) return share_out(work, ranks);
  Done done{.results = std::vector<ItemResult>(work.items)};
  for (std::size_t item = 0; item < work.items; ++item) {
    if (work.compute(item, done.results[item])) continue;
    done.exit_code = exit_code_of_signal(pending_signal());
    break;
  }
  return done;
}

Gathered::Gathered(std::vector<WorkPart> parts) : of_(parts.front().of) {
  results_.resize(parts.front().items);
  for (WorkPart& part : parts) {
    for (auto& [item, result] : part.results) results_[item] = std::move(result);
  }
  gathered = this;
}

Gathered::~Gathered() { gathered = nullptr; }

Gathered* Gathered::current() { return gathered; }

std::vector<ItemResult> Gathered::take(const Work& work) {
  if (data::one_line(work.of) != of_ || work.items != results_.size()) {
    throw Error("the parts are not of what is there now: they are of " + of_ + "; here is " +
                data::one_line(work.of));
  }
  return std::move(results_);
}

}  // namespace nelbo
