#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace nelbo {

/// Keeps in a run folder what a command found of the run, a file of RunFolder's, beside the number of steps
/// that the run has: "steps". What cannot be written is told on stderr. Whether it was kept.
bool keep_found(const std::string& run, const std::string& path, nlohmann::ordered_json found);

/// What a command found of a run of this record, run.json, as it is now; empty where there is none. A
/// file that is damaged, or of the run before it went on, is noted.
nlohmann::ordered_json read_found(const std::string& path, const nlohmann::ordered_json& record,
                                  std::vector<std::string>& notes);

}  // namespace nelbo
