#pragma once
#include <string>
#include <vector>

#include "apps/reports/figures.hpp"
#include "lab/studies/study.hpp"

namespace nelbo::gradvar {

/// The study as one HTML page with its tables and figures: no script, and nothing is loaded from
/// anywhere. Figures of single layers are folded away.
std::string html_report(const Study& study, const std::vector<Figure>& figures);

}  // namespace nelbo::gradvar
