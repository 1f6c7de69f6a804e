#pragma once
#include <string>
#include <string_view>

namespace nelbo::gradvar {

/// Text for the content or a quoted attribute of an HTML or SVG element: & < > " ' become entities.
/// Control characters and bytes that are not UTF-8, which XML forbids, become U+FFFD.
std::string escaped(std::string_view text);

}  // namespace nelbo::gradvar
