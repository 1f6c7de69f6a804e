#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "apps/reports/table.hpp"

namespace nelbo {

/// A whole page around `body`, which is markup; for light and dark screens of any width. It has no
/// script, and a policy that keeps it from loading anything, whatever a name in it might hold.
std::string html_page(const std::string& title, const std::string& body);

/// How a table stands on a page.
struct TableLook {
  std::size_t tinted = 0;  // so many columns, from the first on, are marked by a colour
  bool cards = false;      // on a narrow screen every row becomes a card instead of being scrolled
  /// Which cells are bold.
  std::function<bool(std::size_t row, std::size_t column)> strong;
};
std::string html_table(const Table& table, const TableLook& look = {});

/// The text with +- as one sign.
std::string with_plus_minus(std::string text);

/// The bytes of a file as an address that holds them: "data:image/png;base64,..."; RFC 2397.
std::string data_uri(const std::string& type, std::string_view bytes);

}  // namespace nelbo
