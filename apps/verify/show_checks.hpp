#pragma once
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "apps/verify/check.hpp"

namespace nelbo::verify {

/// {"value", "se", "expected", "z", "remark"}.
nlohmann::ordered_json json_of(const Check& check, bool with_expected);

/// A table on stdout; nothing without checks.
void print_checks(const char* title, const char* expected, const std::vector<Check>& checks);

}  // namespace nelbo::verify
