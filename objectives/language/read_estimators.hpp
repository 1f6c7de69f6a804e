#pragma once
#include <string>
#include <vector>

#include "objectives/estimators/choice.hpp"

namespace nelbo {

/// Reads "dreg", "score(baseline=mean)", "phi=dreg,theta=reparam" or "stl+rqmc"; a group that is
/// not named is estimated by reparam. Throws Error naming the part that is wrong.
EstimatorChoice parse_estimators(const std::string& text);

/// Reads several, separated by commas: "reparam,phi=dreg,theta=piwae,vimco" are three. Throws
/// Error.
std::vector<EstimatorChoice> parse_estimator_list(const std::string& text);

/// The parts between commas that are not inside parentheses.
std::vector<std::string> split_at_commas(const std::string& text);

/// The group in front of such a part, "phi" of "phi=dreg"; empty where it names none.
std::string group_of(const std::string& part);

}  // namespace nelbo
