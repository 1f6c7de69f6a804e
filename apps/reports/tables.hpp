#pragma once
#include <string>
#include <vector>

#include "apps/reports/table.hpp"
#include "lab/studies/study.hpp"

namespace nelbo::gradvar {

/// The bounds of a study in the order of their first row.
std::vector<std::string> bounds_of(const Study& study);

enum class Detail {
  terminal,  // about 110 columns: a standard error for the SNR alone
  page       // a standard error for everything
};

/// The defined rows of a bound; '*' follows estimators that are declared biased.
Table row_table(const Study& study, const std::string& bound, Detail detail);
/// What was measured over what theory says, 1 +- its error where both agree.
Table theory_table(const Study& study);
Table slope_table(const Study& study);
/// Combinations that are not defined, each once, with the reason.
Table undefined_table(const Study& study);

/// "run runs/x, 1000 replicates of 20 data, seed 0; avx512, 2 threads, 12.3 s".
std::string description(const Study& study);
/// How the numbers of the row tables are to be read.
std::vector<std::string> footnotes(const Study& study);

/// All tables, as `nelbo gradvar` prints them.
std::string text_report(const Study& study);

}  // namespace nelbo::gradvar
