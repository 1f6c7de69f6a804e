#include "apps/reports/picture_text.hpp"

#include <algorithm>
#include <array>

namespace nelbo::picture_text {
namespace {

constexpr std::size_t rows = 7;

struct Glyph {
  char of;
  std::array<const char*, rows> dots;
};

constexpr Glyph glyphs[] = {
    {' ', {"     ", "     ", "     ", "     ", "     ", "     ", "     "}},
    {'-', {"     ", "     ", "     ", "#####", "     ", "     ", "     "}},
    {'+', {"     ", "  #  ", "  #  ", "#####", "  #  ", "  #  ", "     "}},
    {'.', {"     ", "     ", "     ", "     ", "     ", " ##  ", " ##  "}},
    {'0', {" ### ", "#   #", "#   #", "#   #", "#   #", "#   #", " ### "}},
    {'1', {"  #  ", " ##  ", "# #  ", "  #  ", "  #  ", "  #  ", "#####"}},
    {'2', {" ### ", "#   #", "    #", "  ## ", " #   ", "#    ", "#####"}},
    {'3', {" ### ", "#   #", "    #", "  ## ", "    #", "#   #", " ### "}},
    {'4', {"   # ", "  ## ", " # # ", "#  # ", "#####", "   # ", "   # "}},
    {'5', {"#####", "#    ", "#### ", "    #", "    #", "#   #", " ### "}},
    {'6', {"  ## ", " #   ", "#    ", "#### ", "#   #", "#   #", " ### "}},
    {'7', {"#####", "    #", "   # ", "   # ", "  #  ", "  #  ", "  #  "}},
    {'8', {" ### ", "#   #", "#   #", " ### ", "#   #", "#   #", " ### "}},
    {'9', {" ### ", "#   #", "#   #", " ####", "    #", "   # ", " ##  "}},
    {'K', {"#   #", "#  # ", "# #  ", "##   ", "# #  ", "#  # ", "#   #"}},
    {'L', {"#    ", "#    ", "#    ", "#    ", "#    ", "#    ", "#####"}},
    {'a', {"     ", "     ", " ### ", "    #", " ####", "#   #", " ####"}},
    {'d', {"    #", "    #", " ####", "#   #", "#   #", "#   #", " ####"}},
    {'e', {"     ", "     ", " ### ", "#   #", "#####", "#    ", " ### "}},
    {'i', {"  #  ", "     ", " ##  ", "  #  ", "  #  ", "  #  ", " ### "}},
    {'l', {" ##  ", "  #  ", "  #  ", "  #  ", "  #  ", "  #  ", " ### "}},
    {'m', {"     ", "     ", "## # ", "# # #", "# # #", "# # #", "# # #"}},
    {'n', {"     ", "     ", "#### ", "#   #", "#   #", "#   #", "#   #"}},
    {'o', {"     ", "     ", " ### ", "#   #", "#   #", "#   #", " ### "}},
    {'s', {"     ", "     ", " ####", "#    ", " ### ", "    #", "#### "}},
    {'t', {" #   ", " #   ", "#### ", " #   ", " #   ", " #  #", "  ## "}},
    {'z', {"     ", "     ", "#####", "   # ", "  #  ", " #   ", "#####"}},
};

constexpr Glyph unknown{'?', {"#####", "#   #", "#   #", "#   #", "#   #", "#   #", "#####"}};

const Glyph* find(char of) {
  const auto found = std::find_if(std::begin(glyphs), std::end(glyphs),
                                  [of](const Glyph& glyph) { return glyph.of == of; });
  return found == std::end(glyphs) ? nullptr : found;
}

void paint(Picture& picture, std::size_t top, std::size_t left) {
  for (std::size_t y = top; y < std::min(top + dot, picture.height); ++y) {
    for (std::size_t x = left; x < std::min(left + dot, picture.width); ++x) {
      std::fill_n(&picture.pixels[(y * picture.width + x) * picture.channels], picture.channels,
                  std::uint8_t{255});
    }
  }
}

}  // namespace

bool has(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return find(c) != nullptr; });
}

void draw(Picture& picture, std::size_t top, std::size_t left, const std::string& text) {
  for (const char c : text) {
    const Glyph* const known = find(c);
    const Glyph& glyph = known ? *known : unknown;
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = 0; glyph.dots[row][column] != '\0'; ++column) {
        if (glyph.dots[row][column] == '#') paint(picture, top + row * dot, left + column * dot);
      }
    }
    left += advance;
  }
}

}  // namespace nelbo::picture_text
