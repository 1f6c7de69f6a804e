#pragma once
#include <string>

#include "objectives/algebra/term.hpp"
#include "objectives/language/call.hpp"
#include "objectives/language/expression_error.hpp"

namespace nelbo {

/// Reads an objective: numbers, + - * /, parentheses, abs, max, min, square and relu, the words of
/// vocabulary() with arguments, and the names of objective_catalogue() with parameters.
///
///   parse_objective("nell + mi + 6*tc(strat) + dwkl")
///   parse_objective("nell + 100*abs(div - anneal(0, 25, steps=10000))")
///   parse_objective("beta_vae(beta=4)")
///
/// Throws ExpressionError for anything else, numbers and weights that are not finite, an expression
/// without a term, longer than 4,096 characters or nested deeper than 64.
Term parse_objective(const std::string& expression);

/// Reads a number or schedule, or what arithmetic makes of them: "1e-3", "warmup(1, steps=500) *
/// cosine(1e-3, 0, steps=20000)". Throws ExpressionError for anything else.
Term parse_weight(const std::string& expression);

/// Reads a name with arguments, as in "vimco(arithmetic)". Throws ExpressionError for anything
/// else.
Call parse_call(const std::string& text);

/// Throws ExpressionError where a part of the objective that `expression` gave is not defined for
/// the setting: a pairwise term of a batch of 1, groups of other dimensions.
void check_objective(const Term& objective, const std::string& expression, const Setting& setting);

}  // namespace nelbo
