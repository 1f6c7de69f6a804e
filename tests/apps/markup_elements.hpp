#pragma once
#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace nelbo::tests {

/// The tags of a piece of markup, balanced: throws where one is closed that is not open, or an
/// attribute is not quoted. Returns how often each element occurs.
inline std::map<std::string, int> elements_of(const std::string& markup) {
  const std::set<std::string> empty{"meta", "!DOCTYPE", "img"};
  std::map<std::string, int> count;
  std::vector<std::string> open;
  for (std::size_t at = markup.find('<'); at != std::string::npos; at = markup.find('<', at)) {
    const std::size_t end = markup.find('>', at);
    if (end == std::string::npos) throw std::runtime_error("a tag without an end");
    std::string tag = markup.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos) throw std::runtime_error("a bare < before " + tag);
    at = end;
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) throw std::runtime_error("closes " + tag);
      open.pop_back();
      continue;
    }
    const std::string name = tag.substr(0, tag.find_first_of(" /\n"));
    ++count[name];
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0)
      throw std::runtime_error("quotes: " + tag);
    if (tag.back() == '/' || empty.count(name) > 0) continue;
    open.push_back(name);
    if (name == "style") at = markup.find("</style>", at);  // its text is no markup
  }
  if (!open.empty()) throw std::runtime_error("never closed: " + open.back());
  return count;
}

}  // namespace nelbo::tests
