#pragma once
#include <functional>
#include <string>

#include "models/code_space.hpp"

namespace nelbo {

/// "gamma": the priors over such codes, for messages.
std::string priors_over(const CodeSpace& codes);

/// PriorFamily::unfit of a prior over codes of one kind.
std::function<std::string(const CodeSpace&)> over_kind(const std::string& prior,
                                                       CodeSpace::Kind kind);

}  // namespace nelbo
