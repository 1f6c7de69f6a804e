#include "apps/reports/report_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "apps/cli/progress.hpp"
#include "apps/reports/html_page.hpp"
#include "apps/reports/markup.hpp"
#include "apps/reports/remake.hpp"
#include "autodiff/error.hpp"
#include "lab/files/shell_word.hpp"
#include "lab/training/run_folder.hpp"

namespace nelbo {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t largest_picture = std::uintmax_t{4} << 20;  // bytes
constexpr std::size_t most_pictures = 24;
constexpr std::size_t longest_value = 160;  // of a setting, bytes

/// What is made of the data, and as long as an example.
bool is_long_list(const std::string& setting) {
  return setting == "scale_mean" || setting == "scale_deviation";
}

/// A value as a page has room for it.
std::string shown(const std::string& setting, const std::string& value) {
  if (value.empty()) return "none";
  const std::size_t most = setting == "data_hash" ? 12 : longest_value;
  return value.size() <= most ? value : value.substr(0, most) + "...";
}

/// An <img> of a PNG file; nothing where it is none, or too large for a page.
std::string image(const fs::path& path, const std::string& alt) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error || size > largest_picture) return "";
  try {
    const std::string bytes = read_text(path.string());
    if (!bytes.starts_with("\x89PNG")) return "";
    return "<img alt=\"" + escaped(alt) + "\" src=\"" + data_uri("image/png", bytes) + "\">";
  } catch (const Error&) {  // gone meanwhile
    return "";
  }
}

std::string figure(const std::string& image, const std::string& caption) {
  return image.empty()
             ? ""
             : "<figure><figcaption>" + escaped(caption) + "</figcaption>" + image + "</figure>\n";
}

/// In columns that are wide enough for the labels on traversals.
std::string pictures(const std::string& title, const std::string& figures, bool wide) {
  return "<h2>" + escaped(title) + "</h2>\n<div class=\"pictures" + (wide ? " wide" : "") +
         "\">\n" + figures + "</div>\n";
}

}  // namespace

std::string quantities_line() {
  return "<p class=\"soft small\">elbo = \xE2\x88\x92(nell + div), a lower bound on log p(x); "
         "nell: "
         "\xE2\x88\x92log p(x|z) of codes z of the encoder, the distortion; div: KL of these codes "
         "to "
         "the prior, the rate.</p>\n";
}

std::string figure_section(const std::string& title, const std::vector<std::string>& svgs,
                           const std::string& key) {
  if (svgs.empty()) return "";
  std::string out = "<h2>" + escaped(title) + "</h2>\n";
  if (!key.empty()) out += "<p class=\"soft small\">" + escaped(key) + "</p>\n";
  out += "<div class=\"figures\">\n";
  for (const std::string& svg : svgs) out += "<div>" + svg + "</div>\n";
  return out + "</div>\n";
}

std::string pictures_section(const RunHistory& run) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(run.folder / "images", error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == ".png") files.push_back(at->path());
  }
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
    return natural_less(a.filename().string(), b.filename().string());
  });
  if (files.size() > most_pictures) files.resize(most_pictures);
  std::string figures;
  for (const fs::path& file : files) {
    const std::string name = file.stem().string();
    figures += figure(image(file, name), name);
  }
  return figures.empty() ? "" : pictures("Pictures", figures, true);
}

std::string pictures_beside(const std::vector<std::pair<std::string, const RunHistory*>>& captioned,
                            const std::string& picture) {
  std::string figures;
  std::size_t count = 0;
  for (const auto& [caption, run] : captioned) {
    if (count == most_pictures) break;
    const std::string one = figure(
        image(run->folder / "images" / (picture + ".png"), picture + " of " + run->name), caption);
    count += !one.empty();
    figures += one;
  }
  if (count < 2) return "";
  std::string title = picture;
  title[0] = char(std::toupper(static_cast<unsigned char>(title[0])));
  return pictures(title, figures, picture == "traversals");
}

std::string settings_list(const std::vector<std::pair<std::string, std::string>>& settings) {
  std::string out = "<dl class=\"settings\">\n";
  for (const auto& [name, value] : settings) {
    if (is_long_list(name)) continue;
    out +=
        "<div><dt>" + escaped(name) + "</dt><dd>" + escaped(shown(name, value)) + "</dd></div>\n";
  }
  return out + "</dl>\n";
}

std::string machine_line(const RunHistory& run) {
  std::string line;
  const auto add = [&](const char* key, const std::string& before, const std::string& after) {
    const auto value = run.record.find(key);
    if (value == run.record.end() || !(value->is_string() || value->is_number())) return;
    const std::string text = value->is_string() ? value->get<std::string>()
                                                : fmt::format("{:.0f}", value->get<double>());
    line += (line.empty() ? "" : ", ") + before + text + after;
  };
  add("version", "nelbo ", "");
  add("isa", "", "");
  add("threads", "", " threads");
  add("parameters", "", " parameters");
  add("examples_per_second", "", " examples/s");
  add("start", "begun ", "");
  return line.empty() ? "" : "<p class=\"soft small\">" + escaped(line) + "</p>\n";
}

std::string command_block(const RunHistory& run) {
  std::vector<std::string> commands = commands_of(run);
  if (commands.empty()) {
    commands.push_back("nelbo train --config " +
                       data::shell_word((run.folder / "config.toml").string()) + " --out AGAIN");
  }
  std::string out = "<pre>";
  for (const std::string& command : commands) out += escaped(command) + "\n";
  return out + "</pre>\n";
}

std::string minus_sign(std::string number) {
  if (number.size() > 1 && number[0] == '-') number.replace(0, 1, "\xE2\x88\x92");
  return number;
}

std::string time_text(double seconds) {
  return seconds < 60 ? fmt::format("{:.1f} s", seconds) : duration_text(seconds);
}

}  // namespace nelbo
