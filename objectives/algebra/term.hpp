#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/schedule.hpp"
#include "objectives/algebra/setting.hpp"
#include "objectives/bounds/bias.hpp"
#include "objectives/bounds/bound.hpp"
#include "objectives/draw/auxiliary.hpp"

namespace nelbo {

class Draw;  // objectives/draw/draw.hpp

/// Which way an objective is improved: costs are minimised, gains (bounds on log p(x)) are
/// maximised. Numbers and schedules are neither.
enum class Direction { none, cost, gain };

/// What a named quantity says of itself.
struct Quantity {
  std::string name;           // as it is written: "tc(strat)"
  std::string latex = "";     // "\mathrm{TC}"; none: the name
  std::string formula = "";   // what it is, in LaTeX: "\mathbb{E}\log ..."
  std::string equation = "";  // "Zheng eq. (21)"
  std::string meaning = "";   // one line
  std::string unit = "nats per datum";
  Bias bias = Bias::none;    // of the value, as an estimate of what the name says
  std::int64_t samples = 1;  // draws of z per datum that it needs
  bool sampled = false;      // is a Draw::expectation(), of samples of z
  bool pairwise = false;     // compares the data of a batch with each other
  /// Of what compares them: recorded also of a batch in parts, with rows of_whole_batch() (batch_part.hpp).
  bool in_parts = false;
  bool data_size = false;                    // needs N, the number of data
  std::vector<Auxiliary> auxiliaries = {};   // networks that it learns beside the model
  bool data_entropy = false;                 // needs H_data, the entropy of the data
  std::vector<std::string> also_needs = {};  // whatever else, in words
  bool per_dimension = false;                // a value for every latent dimension
  std::optional<Bound> bound = {};           // that it is, whose gradient an estimator can give
  std::vector<std::string> moves = {};       // parameter groups that its value depends on
  /// The groups that it may move as an objective, where these are fewer.
  std::vector<std::string> only = {};
  /// Throws Error where it is not defined; called with what is known so far.
  std::function<void(const Setting&)> check = [](const Setting&) {};
};

/// All that a quantity needs, in words: "N, the number of data".
std::vector<std::string> needs(const Quantity& quantity);

class Term;

/// A named quantity of an objective as recorded on a draw.
struct Reading {
  Quantity quantity;
  Var value;  // rank 0
};

/// An immutable quantity in nats per datum, a function of a Draw: a named one, a number, a
/// schedule, or what `+ - * /`, abs, max, min, square and relu make of them:
///
///   const Term objective =
///       nell() + mi(Scheme::strat) + 6 * tc(Scheme::strat) + dwkl(Scheme::strat);
///
/// Parts that are shared are computed once per draw.
class Term {
 public:
  /// A named quantity. `values` records its values on a draw, of which the term is the mean: [S,
  /// B], [B] or rank 0, or [D] for one per latent dimension.
  Term(Quantity quantity, Direction direction, std::function<Var(Draw&)> values);
  /// A name for a quantity defined by others, by which a bound is read out but not computed.
  Term(Quantity quantity, Direction direction, const Term& definition);
  Term(double number);             // NOLINT: implicit, as in 4 * div()
  Term(const Schedule& schedule);  // NOLINT: implicit, for weights that change by step

  /// The value on a draw, rank 0, nats per datum.
  Var operator()(Draw& draw) const;
  /// The values per datum, [B], where all parts are means over the data.
  std::optional<Var> per_datum(Draw& draw) const;
  Direction direction() const;
  /// The quantity to minimise: itself for a cost, its negative for a gain.
  Term cost() const;

  /// As it is written in an expression: "nell + 4*div".
  const std::string& text() const;
  /// The same as a formula.
  const std::string& latex() const;
  /// Bias of the whole as an estimate.
  Bias bias() const;
  /// The bound that it is, where it is nothing else but for a factor.
  std::optional<Bound> bound() const;
  /// Draws of z per datum that the objective needs: S.
  std::int64_t samples() const;
  /// Its number, if it is a plain one.
  std::optional<double> number() const;
  /// Its value at a time, if it is a number or made of schedules. Throws Error where a schedule
  /// counts epochs and they are not known.
  std::optional<double> at(const TrainingTime& time) const;

  /// Every named quantity in it, each name once, in the order of writing.
  std::vector<Quantity> quantities() const;
  /// Whether one of them is `what`: needs(&Quantity::pairwise).
  bool needs(bool Quantity::*what) const;
  /// Their values on a draw.
  std::vector<Reading> readings(Draw& draw) const;
  /// A named quantity and the number or schedule that it is weighted with in all; no weight where
  /// it is the argument of a function.
  struct Part;
  /// As quantities(). Throws Error where a weight is not finite at turns().
  std::vector<Part> parts() const;
  /// Every schedule in it, in the order of writing.
  std::vector<Schedule> schedules() const;
  /// The beginning and where a schedule in it turns (Schedule::turns), for what it is made of
  /// schedules: as if an epoch were one step.
  std::vector<TrainingTime> turns() const;

  /// A part of a sum, with the only parameter groups that it may move; none named: all.
  struct Addend;
  /// The addends gathered by the groups that they may move: one backward pass each.
  std::vector<Addend> by_groups() const;

  /// The same term as written at a column (from 1) of an expression, with all its parts that have
  /// no column of their own; errors of check() carry it.
  Term at_column(std::size_t column) const;
  /// Throws Error where a part is not defined for the setting, ColumnError if its column is known.
  void check(const Setting& setting) const;

  /// Sums of a cost and a gain throw Error: which way they are improved would not be defined.
  friend Term operator+(const Term& a, const Term& b);
  friend Term operator-(const Term& a, const Term& b);
  friend Term operator-(const Term& term);
  /// One factor must be a number or a schedule, else Error. A negative one turns a gain into a
  /// cost, one that changes its sign throws Error; a cost stays one.
  friend Term operator*(const Term& a, const Term& b);
  /// Throws Error unless b is a number other than 0.
  friend Term operator/(const Term& a, const Term& b);
  // Functions of the mean over the batch, not of each datum. They make costs; of a gain they throw
  // Error, as of quantities that may move different parameters.
  friend Term abs(const Term& x);
  friend Term square(const Term& x);
  friend Term relu(const Term& x);
  friend Term max(const Term& a, const Term& b);
  friend Term min(const Term& a, const Term& b);

 private:
  struct Node;
  explicit Term(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  static Term make(Node node);
  static Term scale(const Term& factor, const Term& term);
  static Term sum(const Term& a, const Term& b, double sign);
  static Term function(const char* name, const std::vector<Term>& arguments,
                       std::function<Var(const std::vector<Var>&)> record,
                       std::function<double(const std::vector<double>&)> compute);
  /// Adds the quantities in it, in the order of writing; `weight` is that of the whole.
  void collect(const std::optional<Term>& weight, std::vector<Part>& parts) const;
  /// What the node's own mean is taken of: [S, B], [B], rank 0 or [D].
  static Var values(const Node& node, Draw& draw);
  /// The mean over the data: rank 0, or [D] per dimension.
  Var evaluate(Draw& draw) const;

  std::shared_ptr<const Node> node_;
};

Term abs(const Term& x);
Term square(const Term& x);
Term relu(const Term& x);
Term max(const Term& a, const Term& b);
Term min(const Term& a, const Term& b);

struct Term::Part {
  Quantity quantity;
  Term term;  // the quantity alone
  std::optional<Term> weight;
};

struct Term::Addend {
  std::vector<std::string> only;
  Term term;
};

/// An error of a part of an expression, at its column (from 1).
class ColumnError : public Error {
 public:
  ColumnError(std::size_t column, const std::string& reason) : Error(reason), column_(column) {}
  std::size_t column() const { return column_; }

 private:
  std::size_t column_;
};

}  // namespace nelbo
