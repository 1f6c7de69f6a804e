#include "objectives/expression.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <variant>

#include "objectives/nearest_name.hpp"
#include "objectives/terms.hpp"

namespace nelbo {
namespace {

constexpr std::size_t longest = 4096;
constexpr int deepest = 64;

/// What a part of an expression is worth: a plain number, or a term.
using Value = std::variant<double, Term>;

//   sum     = product { ("+" | "-") product }
//   product = unary { ("*" | "/") unary }
//   unary   = ("-" | "+") unary | atom
//   atom    = number | name [ "(" [ word ] ")" ] | "(" sum ")"
class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  Term parse() {
    if (text_.size() > longest) {
      fail(longest, "longer than " + std::to_string(longest) + " characters");
    }
    Value value = sum();
    skip_space();
    if (at_ < text_.size()) fail(at_, "unexpected '" + text_.substr(at_, 1) + "'");
    if (!std::holds_alternative<Term>(value)) fail(0, "a number alone is no objective");
    return std::get<Term>(value);
  }

 private:
  [[noreturn]] void fail(std::size_t at, const std::string& reason) const {
    throw ExpressionError(text_, at + 1, reason);
  }

  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  bool accept(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) {
      fail(at_,
           std::string("expected '") + c + "'" +
               (at_ < text_.size() ? " before '" + text_.substr(at_, 1) + "'" : " at the end"));
    }
  }

  Value sum() {
    if (++depth_ > deepest) fail(at_, "nested deeper than " + std::to_string(deepest));
    Value left = product();
    for (;;) {
      skip_space();
      const std::size_t sign = at_;
      if (accept('+')) {
        left = add(left, product(), 1, sign);
      } else if (accept('-')) {
        left = add(left, product(), -1, sign);
      } else {
        --depth_;
        return left;
      }
    }
  }

  Value product() {
    Value left = unary();
    for (;;) {
      skip_space();
      const std::size_t sign = at_;
      if (accept('*')) {
        left = multiply(left, unary(), sign);
      } else if (accept('/')) {
        const Value right = unary();
        if (!std::holds_alternative<double>(right)) fail(sign, "division by a term");
        left = multiply(left, 1 / std::get<double>(right), sign);
      } else {
        return left;
      }
    }
  }

  Value unary() {
    skip_space();
    const std::size_t sign = at_;
    const bool minus = accept('-');
    if (!minus && !accept('+')) return atom();
    if (++depth_ > deepest) fail(at_, "nested deeper than " + std::to_string(deepest));
    const Value value = unary();
    --depth_;
    return minus ? multiply(-1.0, value, sign) : value;
  }

  Value atom() {
    skip_space();
    if (at_ == text_.size()) fail(at_, "an operand is missing at the end");
    if (accept('(')) {
      const Value value = sum();
      expect(')');
      return value;
    }
    const char c = text_[at_];
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return number();
    if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') return term();
    fail(at_, "unexpected '" + std::string(1, c) + "'");
  }

  double number() {
    const char* start = text_.c_str() + at_;
    char* end = nullptr;
    const double value = std::strtod(start, &end);
    if (end == start) fail(at_, "unexpected '" + text_.substr(at_, 1) + "'");
    if (!std::isfinite(value)) fail(at_, "a number that is not finite");
    at_ += end - start;
    return value;
  }

  std::string word() {
    skip_space();
    const std::size_t start = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) {
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  Term term() {
    const std::size_t start = at_;
    const std::string name = word();
    const auto& terms = term_catalogue();
    const auto found = std::find_if(terms.begin(), terms.end(),
                                    [&](const TermInfo& info) { return info.name == name; });
    if (found == terms.end()) {
      std::vector<std::string> names;
      for (const TermInfo& info : terms) names.push_back(info.name);
      fail(start, "unknown term '" + name + "'; " + suggest(name, names));
    }
    std::string argument = found->arguments.empty() ? "" : found->arguments.front();
    if (accept('(')) {
      skip_space();
      const std::size_t at = at_;
      argument = word();
      if (std::find(found->arguments.begin(), found->arguments.end(), argument) ==
          found->arguments.end()) {
        fail(at, found->arguments.empty() ? "'" + name + "' takes no argument"
                                          : "'" + name + "' does not take '" + argument + "'; " +
                                                suggest(argument, found->arguments));
      }
      expect(')');
    }
    return found->make(argument);
  }

  Value add(const Value& a, const Value& b, double sign, std::size_t at) const {
    if (std::holds_alternative<double>(a) != std::holds_alternative<double>(b)) {
      fail(at, "a number cannot be added to a term: it would not change the gradient");
    }
    if (std::holds_alternative<double>(a)) {
      return finite(std::get<double>(a) + sign * std::get<double>(b), at);
    }
    const Term &x = std::get<Term>(a), &y = std::get<Term>(b);
    if (x.direction() != y.direction()) {
      try {
        return sign < 0 ? x - y : x + y;
      } catch (const Error& error) {
        fail(at, error.what());
      }
    }
    return sign < 0 ? x - y : x + y;
  }

  Value multiply(const Value& a, const Value& b, std::size_t at) const {
    const bool numbers[] = {std::holds_alternative<double>(a), std::holds_alternative<double>(b)};
    if (numbers[0] && numbers[1]) return finite(std::get<double>(a) * std::get<double>(b), at);
    if (numbers[0]) return finite(std::get<double>(a), at) * std::get<Term>(b);
    if (numbers[1]) return finite(std::get<double>(b), at) * std::get<Term>(a);
    fail(at, "two terms cannot be multiplied");
  }

  double finite(double value, std::size_t at) const {
    if (!std::isfinite(value)) fail(at, "a number that is not finite");
    return value;
  }

  const std::string& text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

ExpressionError::ExpressionError(const std::string& expression, std::size_t column,
                                 const std::string& reason)
    : Error("objective, column " + std::to_string(column) + ": " + reason +
            (expression.size() <= 200
                 ? "\n  " + expression + "\n  " + std::string(column - 1, ' ') + "^"
                 : "")),
      column_(column) {}

Term parse_objective(const std::string& expression) { return Parser(expression).parse(); }

}  // namespace nelbo
