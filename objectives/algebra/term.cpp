#include "objectives/algebra/term.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/number_text.hpp"
#include "autodiff/ops.hpp"
#include "models/batch_part.hpp"
#include "objectives/algebra/latex.hpp"
#include "objectives/algebra/term_node.hpp"
#include "objectives/draw/estimate_bound.hpp"

namespace nelbo {

namespace {

std::string latex_of(const Quantity& quantity) {
  return quantity.latex.empty() ? upright(quantity.name) : quantity.latex;
}

/// Why a quantity of the whole batch is not had of one in parts.
std::string not_in_parts(const Quantity& quantity) {
  return "'" + quantity.name +
         "' is of a whole batch and not written for one in parts; leave parts at 1, or record it "
         "with "
         "of_whole_batch() and say so (in_parts)";
}

}  // namespace

Term Term::make(Node node) { return Term(std::make_shared<const Node>(std::move(node))); }

Term::Term(Quantity quantity, Direction direction, std::function<Var(Draw&)> values)
    : node_(std::make_shared<const Node>(Node{.kind = Node::Kind::quantity,
                                              .text = quantity.name,
                                              .latex = latex_of(quantity),
                                              .direction = direction,
                                              .bias = quantity.bias,
                                              .per_dimension = quantity.per_dimension,
                                              .quantity = quantity,
                                              .values = std::move(values)})) {}

Term::Term(Quantity quantity, Direction direction, const Term& definition)
    : node_(std::make_shared<const Node>(Node{.kind = Node::Kind::quantity,
                                              .text = quantity.name,
                                              .latex = latex_of(quantity),
                                              .direction = direction,
                                              .bias = quantity.bias,
                                              .operands = {definition},
                                              .quantity = quantity})) {}

Term::Term(double number)
    : node_(std::make_shared<const Node>(Node{.kind = Node::Kind::number,
                                              .text = shortest(number),
                                              .latex = latex_number(number),
                                              .number = number})) {
  if (!std::isfinite(number)) throw Error("a number that is not finite: " + shortest(number));
}

Term::Term(const Schedule& schedule)
    : Term(schedule.is_constant() ? Term(schedule.at(0))
                                  : make({.kind = Node::Kind::schedule,
                                          .text = schedule.text(),
                                          .latex = upright(schedule.text()),
                                          .schedule = schedule})) {}

Direction Term::direction() const { return node_->direction; }
const std::string& Term::text() const { return node_->text; }
const std::string& Term::latex() const { return node_->latex; }
Bias Term::bias() const { return node_->bias; }
std::optional<double> Term::number() const { return node_->number; }

// Values ------------------------------------------------------------------------------------------

Var Term::values(const Node& node, Draw& draw) {
  return node.quantity->bound ? estimate(draw, *node.quantity->bound) : node.values(draw);
}

Var Term::evaluate(Draw& draw) const {
  return draw.once(node_, [&]() -> Var {
    const Node& node = *node_;
    // What is kept per dimension is summed where it meets what is not.
    const auto operand = [&](std::size_t i) {
      const Term& term = node.operands[i];
      const Var value = term.evaluate(draw);
      return term.node_->per_dimension && !node.per_dimension ? nelbo::sum(value) : value;
    };
    switch (node.kind) {
      case Node::Kind::quantity: {
        if (!node.operands.empty() && !node.quantity->bound) return operand(0);
        const Var values = Term::values(node, draw);
        const bool one_number = values.shape().rank() == 0 && !node.per_dimension;
        if (one_number && BatchPart::current() != nullptr && !node.quantity->in_parts) {
          throw Error(not_in_parts(*node.quantity));
        }
        return node.per_dimension || values.shape().rank() == 0 ? values : nelbo::mean(values);
      }
      case Node::Kind::number:
        return Tape::current().constant(*node.number, draw.dtype());
      case Node::Kind::schedule:
        return draw.scheduled(*node.schedule);
      case Node::Kind::sum: {
        const Var a = operand(0), b = operand(1);
        return node.sign < 0 ? a - b : a + b;
      }
      case Node::Kind::product: {
        const std::optional<double> factor = node.operands[0].number();
        if (factor && *factor == -1) return -operand(1);
        return factor ? operand(1) * *factor : operand(1) * operand(0);
      }
      case Node::Kind::function:
        break;
    }
    std::vector<Var> arguments;
    for (std::size_t i = 0; i < node.operands.size(); ++i) {
      // Functions are of means over the whole batch.
      const bool of_data = !node.operands[i].quantities().empty();
      arguments.push_back(of_data ? mean_over_parts(operand(i)) : operand(i));
    }
    return node.record(arguments);
  });
}

Var Term::operator()(Draw& draw) const {
  const Var value = evaluate(draw);
  return node_->per_dimension ? nelbo::sum(value) : value;
}

std::optional<Var> Term::per_datum(Draw& draw) const {
  const Node& node = *node_;
  switch (node.kind) {
    case Node::Kind::quantity: {
      if (!node.operands.empty() && !node.quantity->bound) {
        return node.operands[0].per_datum(draw);
      }
      if (node.per_dimension) return std::nullopt;
      const Var values = Term::values(node, draw);
      if (values.shape().rank() == 2) return nelbo::mean(values, 0);
      if (values.shape().rank() == 1) return values;
      return std::nullopt;
    }
    case Node::Kind::sum: {
      const auto a = node.operands[0].per_datum(draw), b = node.operands[1].per_datum(draw);
      if (!a || !b) return std::nullopt;
      return node.sign < 0 ? *a - *b : *a + *b;
    }
    case Node::Kind::product: {
      const auto x = node.operands[1].per_datum(draw);
      if (!x) return std::nullopt;
      return *x * node.operands[0].evaluate(draw);
    }
    case Node::Kind::number:
    case Node::Kind::schedule:
      return broadcast_to(evaluate(draw), {draw.batch()});
    case Node::Kind::function:
      break;
  }
  return std::nullopt;
}

std::optional<double> Term::at(const TrainingTime& time) const {
  const Node& node = *node_;
  if (node.number) return node.number;
  if (node.schedule) return node.schedule->at(time);
  if (node.kind == Node::Kind::quantity) return std::nullopt;
  if (node.kind != Node::Kind::function) {
    const auto a = node.operands[0].at(time), b = node.operands[1].at(time);
    if (!a || !b) return std::nullopt;
    return node.kind == Node::Kind::sum ? *a + node.sign * *b : *a * *b;
  }
  std::vector<double> values;
  for (const Term& operand : node.operands) {
    const auto value = operand.at(time);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return node.compute(values);
}

// What it consists of -----------------------------------------------------------------------------

std::optional<Bound> Term::bound() const {
  if (node_->quantity) return node_->quantity->bound;
  if (node_->kind == Node::Kind::product) return node_->operands[1].bound();
  return std::nullopt;
}

std::int64_t Term::samples() const {
  std::int64_t most = node_->quantity ? node_->quantity->samples : 1;
  for (const Term& operand : node_->operands) most = std::max(most, operand.samples());
  return most;
}

std::vector<std::string> needs(const Quantity& quantity) {
  std::vector<std::string> all;
  if (quantity.data_size) all.emplace_back("N, the number of data");
  if (quantity.pairwise) all.emplace_back("at least 2 data per batch");
  if (quantity.samples > 1) all.push_back(std::to_string(quantity.samples) + " samples per datum");
  for (const Auxiliary& own : quantity.auxiliaries) {
    all.push_back(std::string("a ").append(own.group).append(" network"));
  }
  all.insert(all.end(), quantity.also_needs.begin(), quantity.also_needs.end());
  return all;
}

void Term::collect(const std::optional<Term>& weight, std::vector<Part>& parts) const {
  const Node& node = *node_;
  if (node.quantity) {
    const auto known = std::find_if(parts.begin(), parts.end(), [&](const Part& part) {
      return part.quantity.name == node.quantity->name;
    });
    if (known == parts.end()) {
      parts.push_back({*node.quantity, *this, weight});
    } else if (known->weight && weight) {
      known->weight = sum(*known->weight, *weight, 1);
    } else {
      known->weight.reset();
    }
  }
  for (std::size_t i = 0; i < node.operands.size(); ++i) {
    std::optional<Term> its = weight;
    if (node.kind == Node::Kind::function) its.reset();
    if (weight && node.kind == Node::Kind::product) its = *weight * node.operands[0];
    if (weight && i == 1 && node.kind == Node::Kind::sum && node.sign < 0) its = -*weight;
    node.operands[i].collect(its, parts);
  }
}

std::vector<Schedule> Term::schedules() const {
  std::vector<Schedule> all;
  if (node_->schedule) all.push_back(*node_->schedule);
  for (const Term& operand : node_->operands) {
    for (const Schedule& schedule : operand.schedules()) all.push_back(schedule);
  }
  return all;
}

std::vector<TrainingTime> Term::turns() const {
  std::vector<TrainingTime> all{0};
  for (const Schedule& schedule : schedules()) {
    for (const std::uint64_t at : schedule.turns()) all.push_back(TrainingTime::of_either(at));
  }
  return all;
}

std::vector<Term::Part> Term::parts() const {
  std::vector<Part> all;
  collect(Term(1), all);
  for (const Part& part : all) {
    if (!part.weight) continue;
    for (const TrainingTime& time : part.weight->turns()) {
      if (std::isfinite(*part.weight->at(time))) continue;
      throw Error("'" + part.quantity.name + "': its weight " + part.weight->text() +
                  " is not finite at step " + std::to_string(time.step));
    }
  }
  return all;
}

std::vector<Quantity> Term::quantities() const {
  std::vector<Part> parts;
  collect(std::nullopt, parts);  // weights are not asked for
  std::vector<Quantity> all;
  for (Part& part : parts) all.push_back(std::move(part.quantity));
  return all;
}

bool Term::needs(bool Quantity::*what) const {
  const std::vector<Quantity> all = quantities();
  return std::any_of(all.begin(), all.end(), [&](const Quantity& q) { return q.*what; });
}

std::vector<Reading> Term::readings(Draw& draw) const {
  std::vector<Part> parts;
  collect(std::nullopt, parts);
  std::vector<Reading> all;
  for (const Part& part : parts) all.push_back({part.quantity, part.term(draw)});
  return all;
}

Term Term::cost() const { return direction() == Direction::gain ? -*this : *this; }

std::vector<Term::Addend> Term::by_groups() const {
  const Node& node = *node_;
  if (node.kind == Node::Kind::product) {
    std::vector<Addend> parts = node.operands[1].by_groups();
    for (Addend& part : parts) part.term = scale(node.operands[0], part.term);
    return parts;
  }
  if (node.kind != Node::Kind::sum) {
    const std::vector<Quantity> all = quantities();
    return {{all.empty() ? std::vector<std::string>{} : all.front().only, *this}};
  }
  std::vector<Addend> parts = node.operands[0].by_groups();
  for (Addend addend : node.operands[1].by_groups()) {
    if (node.sign < 0) addend.term = -addend.term;
    const auto same = std::find_if(parts.begin(), parts.end(),
                                   [&](const Addend& part) { return part.only == addend.only; });
    if (same == parts.end()) {
      parts.push_back(addend);
    } else {
      same->term = sum(same->term, addend.term, 1);
    }
  }
  // One part is the term as it is written.
  if (parts.size() == 1) parts[0].term = *this;
  return parts;
}

Term Term::at_column(std::size_t column) const {
  if (node_->column != 0) return *this;
  Node copy = *node_;
  copy.column = column;
  for (Term& operand : copy.operands) operand = operand.at_column(column);
  return make(std::move(copy));
}

void Term::check(const Setting& setting) const {
  const auto fail = [&](const std::string& reason) {
    if (node_->column == 0) throw Error(reason);
    throw ColumnError(node_->column, reason);
  };
  if (node_->quantity) {
    const Quantity& quantity = *node_->quantity;
    if (quantity.pairwise && setting.batch == 1) {
      fail("'" + quantity.name +
           "' compares the data of a batch, and this batch has one; use at "
           "least 2");
    }
    if (quantity.pairwise && !quantity.in_parts && setting.parts > 1) fail(not_in_parts(quantity));
    if (quantity.data_size && setting.batch > 0 && setting.data_size == 0) {
      fail("'" + quantity.name + "' needs N, the number of data, which is not known");
    }
    try {
      quantity.check(setting);
    } catch (const Error& error) {
      fail("'" + quantity.name + "': " + error.what());
    }
  }
  for (const Term& operand : node_->operands) operand.check(setting);
}

}  // namespace nelbo
