#pragma once
#include <string>
#include <string_view>

namespace nelbo {

/// Text for the content or a quoted attribute of an HTML or SVG element: & < > " ' become entities.
/// Control characters and bytes that are not UTF-8, which XML forbids, are shown as in "\x1b[31m".
std::string escaped(std::string_view text);

}  // namespace nelbo
