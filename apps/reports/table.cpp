#include "apps/reports/table.hpp"

#include <algorithm>

namespace nelbo {
namespace {

std::size_t columns_of(const std::string& text) {  // UTF-8
  return std::size_t(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace

std::string aligned(const Table& table) {
  std::vector<std::size_t> width(table.header.size());
  const auto widen = [&](const std::vector<std::string>& cells) {
    for (std::size_t c = 0; c < cells.size(); ++c)
      width[c] = std::max(width[c], columns_of(cells[c]));
  };
  widen(table.header);
  for (const auto& row : table.rows) widen(row);
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string all;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string gap(width[c] - columns_of(cells[c]), ' ');
      all += (c > 0 ? "  " : "") + (c < table.names ? cells[c] + gap : gap + cells[c]);
    }
    text += all.substr(0, all.find_last_not_of(' ') + 1) + "\n";
  };
  line(table.header);
  for (const auto& row : table.rows) line(row);
  return text;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string all = "\"";
  for (const char c : text) {
    if (c == '"') all += '"';
    all += c;
  }
  return all + "\"";
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    line += csv_field(fields[i]);
  }
  return line += '\n';
}

}  // namespace nelbo
