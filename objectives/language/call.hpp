#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "objectives/algebra/term.hpp"
#include "objectives/draw/grouping.hpp"

namespace nelbo {

/// One argument of a call: "m=5", "strat", "groups=[[0,1],[2]]".
struct Argument {
  std::string name;                                 // empty where it is given by position
  std::variant<std::string, Term, Grouping> value;  // a word, an expression, a list of lists
  std::size_t column = 1;
  bool used = false;
};

/// A name with arguments, as in "tc(strat, groups=2)". Whoever gives the name its meaning asks for
/// the arguments it knows; finish() refuses what is left. All throw ColumnError.
class Call {
 public:
  Call(std::string name, std::size_t column, std::vector<Argument> arguments)
      : name_(std::move(name)), column_(column), arguments_(std::move(arguments)) {}

  const std::string& name() const { return name_; }
  std::size_t column() const { return column_; }

  /// One of the words, by name ("scheme=strat") or alone ("strat"); `otherwise` if there is none.
  std::string word(const std::string& key, const std::vector<std::string>& words,
                   const std::string& otherwise);
  /// A plain number, by name or by position.
  double number(const std::string& key, std::optional<double> otherwise = {});
  /// All numbers that are left by position.
  std::vector<double> numbers(const std::string& key);
  std::int64_t whole(const std::string& key, std::optional<std::int64_t> otherwise = {});
  /// A number or a schedule, by name or by position.
  Term weight(const std::string& key, std::optional<Term> otherwise = {});
  /// An expression, by position.
  Term term(const std::string& key);
  /// The next expression by position where it is a bound on sampled log-weights and no multiple of one.
  std::optional<Bound> bound();
  /// "groups=2" or "groups=[[0,1],[2,3]]", or the value alone.
  std::optional<Grouping> groups(const std::string& key);
  void finish() const;

 private:
  Argument* find(const std::string& key, std::size_t kind);
  /// The next expression given by position.
  Argument* next_expression();
  /// The number or schedule given by name or by position.
  const Argument* weight_argument(const std::string& key);
  [[noreturn]] void missing(const std::string& key) const;

  std::string name_;
  std::size_t column_;
  std::vector<Argument> arguments_;
  std::vector<std::string> known_;  // keys and words asked for
};

}  // namespace nelbo
