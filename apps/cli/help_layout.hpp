#pragma once
#include <string>
#include <vector>

namespace nelbo {

/// A flag, argument or command as --help shows it: "--batch N" and what is said of it.
struct HelpEntry {
  std::string name;
  std::string text;  // its line breaks stay
};

struct HelpSection {
  std::string heading;
  std::string remark;  // above the entries; its line breaks and indents stay
  std::vector<HelpEntry> entries;
};

/// The sections, with all texts in one column and no line beyond 100 columns unless a word is. What
/// stands in quotes or backticks is a word.
std::string help_layout(const std::vector<HelpSection>& sections);

}  // namespace nelbo
