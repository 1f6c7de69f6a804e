#pragma once
#include <string>
#include <string_view>

namespace nelbo::data {

/// Bytes of the character that starts `text`, which is not empty: 1 to 4. 0 where it is none to
/// show: a control character (C0, DEL, C1), a byte that is not UTF-8, or no character at all.
std::size_t shown_character(std::string_view text);

/// Text as a terminal or a page may have it: names come out of files and flags, and an escape
/// sequence in one must not be obeyed. What is no character to show is shown byte by byte, as in
/// "\x1b[31m"; UTF-8 stays, and so do the characters of `kept`.
std::string printable(std::string_view text, std::string_view kept = "\n");

/// printable(), line breaks too, as one line of at most 1,000 bytes: of longer text the middle is
/// left out, since it begins with a name and ends with the reason.
std::string one_line(std::string_view text);

/// Whether all of it is UTF-8, control characters among it or not.
bool is_utf8(std::string_view text);

/// The characters of UTF-8 text; a byte that is none of one is U+FFFD.
std::u32string code_points(std::string_view text);

}  // namespace nelbo::data
