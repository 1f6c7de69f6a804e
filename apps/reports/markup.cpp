#include "apps/reports/markup.hpp"

#include "lab/files/one_line.hpp"

namespace nelbo {

std::string escaped(std::string_view text) {
  std::string all;
  for (const char c : data::printable(text, "\t\n\r")) {
    switch (c) {
      case '&':
        all += "&amp;";
        break;
      case '<':
        all += "&lt;";
        break;
      case '>':
        all += "&gt;";
        break;
      case '"':
        all += "&quot;";
        break;
      case '\'':
        all += "&#39;";
        break;
      default:
        all += c;
    }
  }
  return all;
}

}  // namespace nelbo
