#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "objectives/algebra/term.hpp"

namespace nelbo {

/// What a named quantity says of itself, for --json: name, equation, formula, meaning, unit, bias,
/// needs, moves, samples.
nlohmann::ordered_json to_json(const Quantity& quantity);

/// Parameter groups that a quantity moves as an objective.
std::vector<std::string> moved_groups(const Quantity& quantity);

/// Parameter groups that an objective moves, out of theta (decoder), phi (encoder), psi (prior), in
/// this order.
std::vector<std::string> moved_groups(const Term& objective);

/// What all quantities of an objective need, each need once.
std::vector<std::string> needs(const Term& objective);

/// "minimised" or "maximised".
std::string improved_how(Direction direction);

/// Words beside each other; "nothing" for none.
std::string listed(const std::vector<std::string>& words, const std::string& comma = ", ");

}  // namespace nelbo
