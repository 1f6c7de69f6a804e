#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lab/studies/replicates.hpp"
#include "lab/studies/study.hpp"

namespace nelbo::gradvar {

/// {"rows": [...], "slopes": [...], ...}: what study.json holds and --json prints. NaN and infinite
/// numbers become null when it is written; a standard error has its quantity's name and "_se".
nlohmann::ordered_json json_of(const Study& study);

/// A line of names and one per row, RFC 4180; a number that is not finite is an empty field.
std::string csv_of(const Study& study);

/// Writes study.csv, study.json, report.html, figures/*.svg and the mean gradients, where there are
/// any, as gradients.npz ("elbo/reparam/encoder.0.weight", float64) into a folder, which is made if
/// need be. Every file appears whole or not at all. Throws Error naming what could not be written.
void write_study(const Study& study, const std::string& folder,
                 const std::vector<MeanGradient>& gradients = {});

}  // namespace nelbo::gradvar
