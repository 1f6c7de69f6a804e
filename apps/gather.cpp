#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/commands.hpp"
#include "apps/cli/fail.hpp"
#include "apps/cli/parse.hpp"
#include "apps/cli/program_name.hpp"
#include "apps/command.hpp"
#include "apps/exit_code.hpp"
#include "apps/shards/work.hpp"
#include "apps/sweep/show_sweep.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
#include "lab/files/shell_word.hpp"

namespace nelbo {
namespace {

namespace fs = std::filesystem;

struct GatherFlags {
  std::vector<std::string> parts;
  std::string out;
  bool status = false, json = false;
};

/// The files, with those of a folder that end in .part.
std::vector<std::string> files_of(const std::vector<std::string>& names) {
  std::vector<std::string> files;
  for (const std::string& name : names) {
    std::error_code unknown;
    if (!fs::is_directory(name, unknown)) {
      files.push_back(name);
      continue;
    }
    const std::size_t before = files.size();
    for (const auto& entry : fs::directory_iterator(name)) {
      if (entry.path().extension() == ".part") files.push_back(entry.path().string());
    }
    if (files.size() == before) fail(name, "there is no .part in this folder");
    std::sort(files.begin() + std::ptrdiff_t(before), files.end());
  }
  return files;
}

/// By number of shard, all of one work. Throws Error naming two parts that do not fit together.
std::map<std::size_t, WorkPart> fitting_parts(const std::vector<std::string>& files) {
  std::map<std::size_t, WorkPart> parts;
  std::map<std::size_t, std::string> from;
  for (const std::string& file : files) {
    WorkPart part = read_part(file);
    if (!parts.empty()) {
      const WorkPart& first = parts.begin()->second;
      const std::string& other = from.begin()->second;
      if (part.words.front() != first.words.front() || part.of != first.of) {
        fail(file, "is of {} {}; {} is of {} {}", part.words.front(), part.of, other,
             first.words.front(), first.of);
      }
      if (part.shard.of != first.shard.of || part.items != first.items) {
        fail(file, "is one of {} shards of {} items; {} is one of {} of {}", part.shard.of,
             part.items, other, first.shard.of, first.items);
      }
    }
    const std::size_t number = part.shard.number;
    if (parts.contains(number)) {
      fail(file, "is shard {}, as {} is", part.shard.text(), from.at(number));
    }
    from[number] = file;
    parts.emplace(number, std::move(part));
  }
  return parts;
}

/// The command line that makes shard `number`, beside the part `like`.
std::string line_of(const WorkPart& like, std::size_t number, const fs::path& folder) {
  WorkPart missing{.words = like.words, .of = {}, .shard = {number, like.shard.of}};
  std::vector<std::string> words{program_name()};
  words.insert(words.end(), like.words.begin(), like.words.end());
  words.insert(words.end(), {"--shard", missing.shard.text()});
  words.insert(words.end(), {"--out", (folder / missing.usual_name()).string()});
  return data::printable(data::shell_words(words), "");
}

/// Which shards are missing, with the lines that make them.
std::string missing_text(const std::map<std::size_t, WorkPart>& parts, const fs::path& folder) {
  const WorkPart& like = parts.begin()->second;
  std::string text;
  for (std::size_t number = 0; number < like.shard.of; ++number) {
    if (!parts.contains(number)) text += "  " + line_of(like, number, folder) + "\n";
  }
  return text;
}

/// Runs the command of the words, whose results are there.
int show(const std::vector<std::string>& given, const GatherFlags& flags) {
  std::vector<std::string> words{program_name()};
  words.insert(words.end(), given.begin(), given.end());
  if (flags.json) words.push_back("--json");
  if (!flags.out.empty()) words.insert(words.end(), {"--out", flags.out});
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  const Command* command = commands().find(given.front());
  if (command == nullptr) throw Error("the parts are of a command that there is not here");
  const Command alone{program_name(), "", [&](CommandLine& line) -> Action {
                        line.subcommand(*command);
                        return {};
                      }};
  const Parsed parsed = parse(alone, "nelbo " NELBO_VERSION, int(argv.size()), argv.data());
  return parsed.action ? parsed.action() : parsed.exit_code;
}

/// Says what is there where that is all that is asked, or where something is missing: the exit code then.
std::optional<int> told(const std::string& found, const std::string& missing, bool status) {
  if (status) {
    std::cout << found << "\n";
    if (!missing.empty()) std::cout << "missing:\n" << missing;
  } else if (!missing.empty()) {
    std::cerr << message_head() << found << "; missing:\n" << missing;
  }
  if (!missing.empty()) return exit_failure;
  return status ? std::optional<int>(exit_done) : std::nullopt;
}

/// Of a sweep, whose parts are folders.
int gather_runs(const GatherFlags& flags) {
  const GatheredSweep sweep = gather_sweep(flags.parts);
  const std::string found =
      fmt::format("{} of {} runs of the sweep have ended", sweep.paths.size(), sweep.runs.size());
  std::string missing;
  for (const std::string& name : sweep.missing) missing += "  " + name + "\n";
  if (const auto code = told(found, missing, flags.status)) return *code;
  const fs::path folder = flags.out.empty() ? fs::path(flags.parts.front()) : fs::path(flags.out);
  read_setting("out", [&] { check_output_folder(folder.string()); });
  std::error_code error;
  fs::create_directories(folder, error);
  show_sweep(sweep.paths, folder, flags.json);
  return exit_done;
}

int gather(const GatherFlags& flags) {
  std::error_code unknown;
  if (fs::exists(fs::path(flags.parts.front()) / "sweep.json", unknown)) return gather_runs(flags);
  const std::vector<std::string> files = files_of(flags.parts);
  std::map<std::size_t, WorkPart> parts = fitting_parts(files);
  const WorkPart& like = parts.begin()->second;
  const std::string missing = missing_text(parts, fs::path(files.front()).parent_path());
  std::string of = data::one_line(like.of);
  of.erase(of.find_last_not_of("; ") + 1);
  const std::string found =
      fmt::format("{} of {} shards are there, of {}", parts.size(), like.shard.of, of);
  if (const auto code = told(found, missing, flags.status)) return *code;
  const std::vector<std::string> words = like.words;
  std::vector<WorkPart> all;
  for (auto& [number, part] : parts) all.push_back(std::move(part));
  const Gathered gathered(std::move(all));
  return show(words, flags);
}

Action declare_gather(CommandLine& command) {
  auto flags = std::make_shared<GatherFlags>();
  command.flag("PARTS", flags->parts, "files that shards left, or folders of them")
      .required()
      .type("...");
  command
      .flag(
          "--out", flags->out,
          "--out of the command of the parts, where it has one: gradvar's folder, or the folder of "
          "the page of a sweep [its first part]")
      .type("DIR");
  command.flag("--status", flags->status,
               "only say which shards are missing, with the lines that make them; the exit code is "
               "1 where some are");
  command.flag("--json", flags->json, "print the result as one JSON object on stdout");
  command.footer(
      R"help(Prints what the command would have printed, times excepted: the same bits for any number of
shards. bounds, ais, gradvar, disentangle and sweep take --shard. Parts that overlap, leave a gap or
are of unlike settings, data or weights are refused. The run, or the file of codes, that the parts
are of must be there too. A part of a sweep is its folder.

Examples:
  for i in 0 1 2 3; do nelbo bounds runs/NAME --m 5000 --shard $i/4; done; nelbo gather *.part
  sbatch --array=0-15 --chdir parts --wrap "nelbo ais /runs/NAME --shard auto/16"
  nelbo gather parts --status
  nelbo gather parts --json)help");
  return [flags] { return gather(*flags); };
}

}  // namespace

Command gather_command() {
  return {"gather", "Put together what the shards of a command computed", declare_gather};
}

}  // namespace nelbo
