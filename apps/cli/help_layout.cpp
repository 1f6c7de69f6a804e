#include "apps/cli/help_layout.hpp"

#include <algorithm>
#include <sstream>

namespace nelbo {
namespace {

constexpr std::size_t widest_line = 100;
/// Where texts begin at most; longer names have a line of their own.
constexpr std::size_t rightmost_column = 30;

/// Where the word ends that begins at `start`.
std::size_t word_end(const std::string& line, std::size_t start) {
  for (std::size_t at = start; at < line.size(); ++at) {
    if (line[at] == ' ') return at;
    if (line[at] != '"' && line[at] != '`') continue;
    const std::size_t closed = line.find(line[at], at + 1);
    if (closed != std::string::npos) at = closed;
  }
  return line.size();
}

/// A line broken at spaces to `width` columns: what follows the first keeps its indent and two more.
std::vector<std::string> wrapped(const std::string& line, std::size_t width, std::size_t hanging) {
  const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
  std::vector<std::string> lines{std::string(indent, ' ')};
  bool empty = true;
  for (std::size_t at = indent; at < line.size();) {
    const std::size_t end = word_end(line, at);
    if (!empty && lines.back().size() + 1 + (end - at) > width) {
      lines.emplace_back(indent + hanging, ' ');
      empty = true;
    }
    if (!empty) lines.back() += ' ';
    lines.back() += line.substr(at, end - at);
    empty = false;
    at = std::min(line.find_first_not_of(' ', end), line.size());
  }
  return lines;
}

/// All lines of a text. In a list, which has several, a line that goes on hangs.
std::vector<std::string> lines_of(const std::string& text, std::size_t width) {
  const std::size_t hanging = text.find('\n') == std::string::npos ? 0 : 2;
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    for (std::string& part : wrapped(line, width, hanging)) lines.push_back(std::move(part));
  }
  return lines;
}

void add_entry(std::string& told, const HelpEntry& entry, std::size_t column) {
  std::string line = "  " + entry.name;
  for (const std::string& text : lines_of(entry.text, widest_line - column)) {
    if (line.size() + 2 > column) {
      if (!line.empty()) told += line + "\n";
      line.clear();
    }
    line.resize(column, ' ');
    told += line + text + "\n";
    line.clear();
  }
  if (!line.empty()) told += line + "\n";
}

/// Right of the longest name that leaves room for texts.
std::size_t text_column(const std::vector<HelpSection>& sections) {
  std::size_t column = 0;
  for (const HelpSection& section : sections) {
    for (const HelpEntry& entry : section.entries) {
      const std::size_t wanted = entry.name.size() + 4;
      if (wanted <= rightmost_column) column = std::max(column, wanted);
    }
  }
  return column == 0 ? rightmost_column : column;
}

}  // namespace

std::string help_layout(const std::vector<HelpSection>& sections) {
  const std::size_t column = text_column(sections);
  std::string told;
  for (const HelpSection& section : sections) {
    told += "\n" + section.heading + ":\n";
    for (const std::string& line : lines_of(section.remark, widest_line - 2)) {
      told += "  " + line + "\n";
    }
    for (const HelpEntry& entry : section.entries) add_entry(told, entry, column);
  }
  return told;
}

}  // namespace nelbo
