#include "objectives/algebra/latex.hpp"

#include "autodiff/number_text.hpp"

namespace nelbo {

std::string upright(const std::string& name) { return "\\mathrm{" + plain_text(name) + "}"; }

std::string plain_text(const std::string& words) {
  std::string escaped;
  for (const char c : words) {
    if (std::string("\\^~").find(c) != std::string::npos) {
      escaped += "\\char" + std::to_string(int(c)) + " ";
    } else {
      if (std::string("_{}#$%&").find(c) != std::string::npos) escaped += '\\';
      escaped += c;
    }
  }
  return escaped;
}

std::string latex_number(double value) {
  const std::string text = shortest(value);
  const std::size_t e = text.find('e');
  if (e == std::string::npos) return text;
  return text.substr(0, e) + " \\cdot 10^{" + text.substr(text[e + 1] == '+' ? e + 2 : e + 1) + "}";
}

}  // namespace nelbo
