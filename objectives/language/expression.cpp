#include "objectives/language/expression.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <variant>

#include "autodiff/nearest_name.hpp"
#include "objectives/language/catalogue.hpp"
#include "objectives/language/vocabulary.hpp"

namespace nelbo {
namespace {

/// What is said of a term that there is not: what the literature's name is called here, or the
/// nearest name.
std::string meant(const std::string& name) {
  static const std::map<std::string, std::string> others{
      {"kl", "div"},     {"kld", "div"},  {"kl_div", "div"},
      {"recon", "nell"}, {"nll", "nell"}, {"reconstruction", "nell"}};
  std::string lower = name;
  for (char& c : lower) c = char(std::tolower(static_cast<unsigned char>(c)));
  if (const auto other = others.find(lower); other != others.end()) {
    return "; " + name + " is called " + other->second + " here";
  }
  std::vector<std::string> names = vocabulary().names();
  const std::vector<std::string> objectives = objective_catalogue().names();
  names.insert(names.end(), objectives.begin(), objectives.end());
  const std::string near = nearest(name, names);
  return near.empty() ? ", and none that is known is near" : "; did you mean '" + near + "'?";
}

constexpr std::size_t longest = 4096;
constexpr int deepest = 64;

/// What the parameters of a named objective stand for.
using Scope = std::map<std::string, std::variant<Term, Grouping>>;

//   sum      = product { ("+" | "-") product }
//   product  = unary { ("*" | "/") unary }
//   unary    = ("-" | "+") unary | atom
//   atom     = number | name [ "(" [ argument { "," argument } ] ")" ] | "(" sum ")"
//   argument = [ name "=" ] ( word | sum | "[" list { "," list } "]" )
class Parser {
 public:
  /// `scope` holds the parameters of the named objective `own` whose definition is read.
  Parser(const std::string& text, int depth = 0, Scope scope = {}, std::string own = "")
      : text_(text), depth_(depth), scope_(std::move(scope)), own_(std::move(own)) {}

  Term parse() {
    check_length();
    const Term value = sum();
    skip_space();
    if (at_ < text_.size()) fail(at_, "unexpected " + next_character());
    if (value.direction() == Direction::none) fail(0, "a number alone is no objective");
    return guarded(0, [&] {
      value.parts();  // for their weights
      return value;
    });
  }

  Term weight() {
    check_length();
    const Term value = sum();
    skip_space();
    if (at_ < text_.size()) fail(at_, "unexpected " + next_character());
    if (value.direction() != Direction::none) {
      fail(0, "a number or a schedule is wanted, not the term '" + value.text() + "'");
    }
    return value;
  }

  Call call() {
    check_length();
    skip_space();
    const std::size_t start = at_;
    const std::string name = identifier();
    if (name.empty()) fail(start, "a name is missing");
    Call call(name, start + 1, arguments(false));
    skip_space();
    if (at_ < text_.size()) fail(at_, "unexpected " + next_character());
    return call;
  }

 private:
  void check_length() const {
    if (text_.size() <= longest) return;
    fail(longest, "longer than " + std::to_string(longest) + " characters");
  }

  [[noreturn]] void fail(std::size_t at, const std::string& reason) const {
    throw ExpressionError(text_, at + 1, reason);
  }

  /// Runs `make`; what it throws is an error of this expression, at `at` if it says no column.
  template <class Make>
  Term guarded(std::size_t at, const Make& make) const {
    try {
      return make();
    } catch (const ExpressionError&) {
      throw;
    } catch (const ColumnError& error) {
      throw ExpressionError(text_, error.column(), error.what());
    } catch (const Error& error) {
      fail(at, error.what());
    }
  }

  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  bool next_is(char c) {
    skip_space();
    return at_ < text_.size() && text_[at_] == c;
  }

  bool accept(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) {
      fail(at_, std::string("expected '") + c + "'" +
                    (at_ < text_.size() ? " before " + next_character() : " at the end"));
    }
  }

  std::string next_character() const { return character_at(text_, at_); }

  void descend() {
    if (++depth_ > deepest) fail(at_, "nested deeper than " + std::to_string(deepest));
  }

  Term sum() {
    descend();
    Term left = product();
    for (;;) {
      skip_space();
      const std::size_t sign = at_;
      if (accept('+')) {
        const Term right = product();
        left = guarded(sign, [&] { return left + right; });
      } else if (accept('-')) {
        const Term right = product();
        left = guarded(sign, [&] { return left - right; });
      } else {
        --depth_;
        return left;
      }
    }
  }

  Term product() {
    Term left = unary();
    for (;;) {
      skip_space();
      const std::size_t sign = at_;
      if (accept('*')) {
        const Term right = unary();
        left = guarded(sign, [&] { return left * right; });
      } else if (accept('/')) {
        const Term right = unary();
        left = guarded(sign, [&] { return left / right; });
      } else {
        return left;
      }
    }
  }

  Term unary() {
    const bool minus = accept('-');
    if (!minus && !accept('+')) return atom();
    descend();
    const Term value = unary();
    --depth_;
    return minus ? -value : value;
  }

  Term atom() {
    skip_space();
    if (at_ == text_.size()) fail(at_, "an operand is missing at the end");
    if (accept('(')) {
      const Term value = sum();
      expect(')');
      return value;
    }
    const char c = text_[at_];
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return number();
    if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') return name();
    fail(at_, "unexpected " + next_character());
  }

  // Not strtod, which reads commas in some locales.
  Term number() {
    double value = 0;
    const char* const start = text_.data() + at_;
    const auto [end, error] = std::from_chars(start, text_.data() + text_.size(), value);
    if (error == std::errc::result_out_of_range) {
      fail(at_, "a number that is too large or too small");
    }
    if (error != std::errc{}) fail(at_, "unexpected " + next_character());
    at_ += std::size_t(end - start);
    return value;
  }

  std::string identifier() {
    skip_space();
    const std::size_t start = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) {
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  Term name() {
    const std::size_t start = at_;
    const std::string name = identifier();
    if (const auto bound = scope_.find(name); bound != scope_.end()) {
      if (const Term* term = std::get_if<Term>(&bound->second)) return *term;
      fail(start, "'" + name + "' is no number");
    }
    const Word* const word = vocabulary().find(name);
    if (const NamedObjective* objective = objective_of(name, word)) {
      return named_objective(*objective, start);
    }
    if (word == nullptr) fail(start, "unknown term '" + name + "'" + meant(name));
    Call call(name, start + 1, arguments(word->kind == Word::Kind::function));
    return guarded(start, [&] {
      const Term term = word->make(call);
      call.finish();
      return own_.empty() ? term.at_column(start + 1) : term;  // columns are of what the user wrote
    });
  }

  /// The named objective that a name stands for: one that is no word too, or has parameters, or is
  /// a program's own. Inside its own expression a name is the word.
  const NamedObjective* objective_of(const std::string& name, const Word* word) const {
    const NamedObjective* const objective = objective_catalogue().find(name);
    if (objective == nullptr || name == own_) return nullptr;
    if (objective_catalogue().own(name) || word == nullptr) return objective;
    if (vocabulary().own(name) || objective->parameters.empty()) return nullptr;
    return objective;
  }

  /// A name of the catalogue: its parameters, then its expression with their values.
  Term named_objective(const NamedObjective& objective, std::size_t start) {
    Call call(objective.name, start + 1, arguments(false));
    Scope scope;
    return guarded(start, [&] {
      for (const auto& [parameter, otherwise] : objective.parameters) {
        if (parameter == "groups") {
          const auto groups = call.groups(parameter);
          scope.emplace(parameter, groups ? *groups : Grouping::equal(std::int64_t(otherwise)));
        } else {
          scope.emplace(parameter, call.weight(parameter, Term(otherwise)));
        }
      }
      call.finish();
      descend();
      Term term(0);
      try {
        term = Parser(objective.expression, depth_, scope, objective.name).parse();
      } catch (const ExpressionError& error) {
        // Of the definition, but the parameters are wrong: told at the name.
        throw ColumnError(start + 1,
                          objective.name + " = " + objective.expression + ": " + error.reason());
      }
      --depth_;
      return term.at_column(start + 1);
    });
  }

  std::vector<Argument> arguments(bool expressions) {
    std::vector<Argument> all;
    if (!accept('(')) return all;
    if (accept(')')) return all;
    do {
      all.push_back(argument(expressions));
    } while (accept(','));
    expect(')');
    return all;
  }

  Argument argument(bool expressions) {
    skip_space();
    const std::size_t start = at_;
    if (!expressions) {
      std::string key;
      std::string word = identifier();
      if (!word.empty() && accept('=')) {
        key = word;
        skip_space();
      } else {
        at_ = start;
      }
      const std::size_t value = at_;
      word = identifier();
      const bool alone = !word.empty() && !std::isdigit(static_cast<unsigned char>(word[0])) &&
                         (next_is(',') || next_is(')'));
      if (const auto bound = scope_.find(word); alone && bound != scope_.end()) {
        if (const Grouping* groups = std::get_if<Grouping>(&bound->second)) {
          return {key, *groups, value + 1};
        }
      } else if (alone) {
        return {key, word, value + 1};
      }
      at_ = value;
      if (next_is('[')) return {key, lists(), value + 1};
      return {key, sum(), value + 1};
    }
    return {"", sum(), start + 1};
  }

  /// "[[0,1],[2,3]]"
  Grouping lists() {
    DimensionGroups groups;
    expect('[');
    do {
      expect('[');
      groups.emplace_back();
      do {
        skip_space();
        int dimension = 0;
        const char* const first = text_.data() + at_;
        const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), dimension);
        if (error != std::errc{}) fail(at_, "a latent dimension (0, 1, ...) is missing");
        at_ += std::size_t(end - first);
        groups.back().push_back(dimension);
      } while (accept(','));
      expect(']');
    } while (accept(','));
    expect(']');
    return Grouping(std::move(groups));
  }

  const std::string& text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  const Scope scope_;
  const std::string own_;  // name of the objective whose definition is read
};

}  // namespace

Term parse_objective(const std::string& expression) { return Parser(expression).parse(); }

Term parse_weight(const std::string& expression) { return Parser(expression).weight(); }

Call parse_call(const std::string& text) { return Parser(text).call(); }

void check_objective(const Term& objective, const std::string& expression, const Setting& setting) {
  try {
    objective.check(setting);
  } catch (const ColumnError& error) {
    throw ExpressionError(expression, error.column(), error.what());
  }
}

}  // namespace nelbo
