#pragma once
#include <cstddef>
#include <string>

#include "lab/files/png.hpp"

namespace nelbo {

/// Text in pictures, in a font of 5 x 7 dots: digits, signs and the letters that labels need.
namespace picture_text {

inline constexpr std::size_t dot = 2;            // pixels of one dot, each way
inline constexpr std::size_t advance = 6 * dot;  // from a character to the next
inline constexpr std::size_t line = 9 * dot;     // from a line to the next
inline constexpr std::size_t height = 7 * dot;   // of a character

/// Pixels that a line of so many characters is wide; 0 of none.
constexpr std::size_t width(std::size_t characters) {
  return characters == 0 ? 0 : characters * advance - dot;
}

/// Whether the font has all of its characters.
bool has(const std::string& text);

/// Draws one line, its top left corner at (top, left), in white. What the font lacks is a hollow box; what is
/// beyond the picture's edge is left out.
void draw(Picture& picture, std::size_t top, std::size_t left, const std::string& text);

}  // namespace picture_text
}  // namespace nelbo
